"""What stands on the hosts' disks: the answers of ``releases`` and ``prune``."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict

from rollout.events import Event, Noted, ReleasesPruned
from rollout.model.fleet import Finding
from rollout.model.releases import HostReleases, ReleaseOnHost
from rollout.output.columns import VERSION, Row, as_object, columns, table, wrong
from rollout.output.deploy_sentences import hosts_words, short
from rollout.text.sanitize import sanitize

HEADINGS = ("HOST", "RELEASE", "REVISION", "VERDICT", "STATE")


def releases_table(all_releases: Sequence[HostReleases], findings: Sequence[Finding]) -> str:
    """Lay out each host with its releases, oldest first; what is wrong stands below."""
    rows: list[Row] = []
    for host_releases in all_releases:
        ours = [_row(release, host_releases) for release in host_releases.releases] or [
            ("no releases",)
        ]
        if host_releases.link and not host_releases.current:
            ours.append(
                ("", "", "", f"current leads to {sanitize(host_releases.link)}, none of these")
            )
        rows += [(host_releases.host if n == 0 else "", *row) for n, row in enumerate(ours)]
    parts = [table(HEADINGS, rows), *wrong(findings)]
    return "\n\n".join(part for part in parts if part) + "\n"


def _row(release: ReleaseOnHost, host_releases: HostReleases) -> Row:
    words = [
        "current" if release.name == host_releases.current else "",
        "running" if release.name in host_releases.running else "",
        "unfinished" if release.unfinished else "",
    ]
    revision = sanitize(short(release.revision)) or "none"
    mark = release.mark or "not judged"
    return release.name, revision, mark, ", ".join(word for word in words if word)


def releases_json(all_releases: Sequence[HostReleases], findings: Sequence[Finding]) -> str:
    """Say the same as one JSON object, for machines."""
    return as_object(
        {
            "v": VERSION,
            "hosts": [
                {
                    "host": host_releases.host,
                    "link": host_releases.link,
                    "current": host_releases.current,
                    "releases": [
                        {**asdict(release), "running": release.name in host_releases.running}
                        for release in host_releases.releases
                    ],
                }
                for host_releases in all_releases
            ],
            "findings": [asdict(finding) for finding in findings],
        }
    )


def removable_table(going: Mapping[str, Sequence[str]]) -> str:
    """Say for each host what would be removed."""
    rows = [(host, "would be removed", ", ".join(names)) for host, names in going.items()]
    return f"{columns(rows)}\n\n"


def pruned_table(told: Sequence[Event], findings: Sequence[Finding]) -> str:
    """Say for each host what was removed, and what was not and why; empty for nothing."""
    rows: list[Row] = [
        (event.host, "removed", ", ".join(event.releases))
        for event in told
        if isinstance(event, ReleasesPruned)
    ]
    rows += [(e.where, "FAILED", sanitize(e.what)) for e in told if isinstance(e, Noted)]
    parts = [part for part in [columns(rows), *wrong(findings)] if part]
    return "".join(f"{part}\n" for part in parts)


def pruned_sentence(told: Sequence[Event], findings: Sequence[Finding]) -> str:
    """Say in one sentence what became of it."""
    if findings:
        return "refused, nothing was removed: not every host could be seen."
    gone = [event for event in told if isinstance(event, ReleasesPruned) and event.releases]
    failed = sum(isinstance(event, Noted) for event in told)
    count = sum(len(event.releases) for event in gone)
    done = f"removed {count} from {hosts_words(len(gone))}" if count else "nothing to remove"
    return f"halted, {done}; on {failed} it failed." if failed else f"done, {done}."


def pruned_json(told: Sequence[Event], findings: Sequence[Finding]) -> str:
    """Say the same as one JSON object, for machines."""
    return as_object(
        {
            "v": VERSION,
            "removed": {e.host: list(e.releases) for e in told if isinstance(e, ReleasesPruned)},
            "failed": {e.where: e.what for e in told if isinstance(e, Noted)},
            "findings": [asdict(finding) for finding in findings],
        }
    )
