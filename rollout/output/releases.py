"""What stands on the hosts' disks: the answers of ``releases`` and ``prune``."""

from collections.abc import Sequence
from dataclasses import asdict

from rollout.events import Event, Noted, ReleasesPruned
from rollout.model.fleet import Finding
from rollout.model.releases import HostReleases, ReleaseOnHost
from rollout.output.columns import VERSION, Row, as_object, columns, wrong
from rollout.output.deploy_sentences import hosts_words, short
from rollout.text.sanitize import sanitize


def shelves_table(shelves: Sequence[HostReleases], findings: Sequence[Finding]) -> str:
    """Lay out each host with its releases, oldest first; what is wrong stands below."""
    rows: list[Row] = []
    for shelf in shelves:
        ours = [_row(release, shelf) for release in shelf.releases] or [("no releases",)]
        if shelf.link and not shelf.current:
            ours.append(("", "", "", f"current leads to {sanitize(shelf.link)}, none of these"))
        rows += [(shelf.host if n == 0 else "", *row) for n, row in enumerate(ours)]
    return "\n\n".join(part for part in [columns(rows), *wrong(findings)] if part) + "\n"


def _row(release: ReleaseOnHost, shelf: HostReleases) -> Row:
    words = [
        "current" if release.name == shelf.current else "",
        "running" if release.name in shelf.running else "",
        "unfinished" if release.unfinished else "",
    ]
    revision = sanitize(short(release.revision)) or "-"
    return release.name, revision, release.mark or "-", ", ".join(word for word in words if word)


def shelves_json(shelves: Sequence[HostReleases], findings: Sequence[Finding]) -> str:
    """Say the same as one JSON object, for machines."""
    return as_object(
        {
            "v": VERSION,
            "hosts": [
                {
                    "host": shelf.host,
                    "link": shelf.link,
                    "current": shelf.current,
                    "releases": [
                        {**asdict(release), "running": release.name in shelf.running}
                        for release in shelf.releases
                    ],
                }
                for shelf in shelves
            ],
            "findings": [asdict(finding) for finding in findings],
        }
    )


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
