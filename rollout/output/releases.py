"""What stands on the hosts' disks: the answers of ``releases`` and ``prune``."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field

from rollout.events import Event, Noted, ReleasesPruned
from rollout.model.fleet import Finding
from rollout.model.releases import HostReleases, ReleaseOnHost, ReleaseSizes
from rollout.output.columns import VERSION, Row, as_object, columns, table, wrong
from rollout.output.deploy_sentences import hosts_words, short
from rollout.text.sanitize import sanitize
from rollout.text.sizes import spell_bytes
from rollout.text.width import cells, padded
from rollout.text.wrap import hang, wrap

MARGIN = "  "
NOT_KNOWN = "not known"
NO_BREAK = "\ue000"
"""Stands for a blank at which no line is broken; to Python the no-break space is one as well."""
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


@dataclass(frozen=True, slots=True)
class PrunePlan:
    """What ``prune`` would do now.

    Attributes:
        going: By host the releases that would be removed.
        kept: By host the releases that stay, each with why.
        findings: Why hosts could not be read; then nothing would be removed.
        sizes: By host what those that would be removed take; None where that is not known.
    """

    going: Mapping[str, Sequence[str]]
    kept: Mapping[str, Mapping[str, str]]
    findings: Sequence[Finding] = ()
    sizes: Mapping[str, ReleaseSizes | None] = field(default_factory=dict[str, ReleaseSizes | None])


def prune_plan_text(plan: PrunePlan, width: int) -> str:
    """Say for each host what would be removed, and what stays and why."""
    parts = [wrap(_prune_headline(plan), width)]
    hosts_wide = max(map(cells, plan.kept), default=0)
    lines: list[str] = []
    for host, kept in plan.kept.items():
        head = f"{MARGIN}{padded(host, hosts_wide)}"
        if going := plan.going.get(host):
            sizes = plan.sizes.get(host)
            lines += hang(f"{head}  remove  ", ", ".join(_sized(going, sizes)), width)
            head = " " * cells(head)
            lines += hang(f"{head}  frees   ", _freed_words(going, sizes), width)
        stays = ", ".join(f"{name} ({why})" for name, why in kept.items()) or "nothing"
        lines += hang(f"{head}  keep    ", sanitize(stays), width)
    parts += [lines, wrong(plan.findings)]
    text = "\n\n".join("\n".join(part) for part in parts if part) + "\n"
    return text.replace(NO_BREAK, " ")


def _size(count: int) -> str:
    """Spell a size that is not broken between its number and its unit."""
    return spell_bytes(count).replace(" ", NO_BREAK)


def _sized(names: Sequence[str], sizes: ReleaseSizes | None) -> list[str]:
    if sizes is None:
        return list(names)
    return [f"{name}{NO_BREAK}({_size(sizes.taken[name])})" for name in names]


def _freed_words(names: Sequence[str], sizes: ReleaseSizes | None) -> str:
    if sizes is None:
        return NOT_KNOWN
    freed = _size(sizes.freed)
    shared = sum(sizes.taken[name] for name in names) > sizes.freed
    return f"{freed}; the other files have links from releases that stay" if shared else freed


def prune_plan_json(plan: PrunePlan) -> str:
    """Say the same as one JSON object, for machines."""
    return as_object(
        {
            "v": VERSION,
            "remove": {host: list(names) for host, names in plan.going.items()},
            "keep": {host: dict(kept) for host, kept in plan.kept.items()},
            "sizes": {
                host: asdict(sizes) if (sizes := plan.sizes.get(host)) else None
                for host in plan.going
            },
            "findings": [asdict(finding) for finding in plan.findings],
        }
    )


def _prune_headline(plan: PrunePlan) -> str:
    if plan.findings:
        return "prune would be refused: not every host could be seen. Nothing was changed."
    if not plan.going:
        return "Plan: nothing to remove. Nothing was changed."
    where = f"{len(plan.going)} of {hosts_words(len(plan.kept))}"
    return f"Plan: remove {_releases(plan.going)} from {where}{_freed(plan)}. Nothing was changed."


def _freed(plan: PrunePlan) -> str:
    """Say what all hosts together have free afterwards, and of how many that is not known."""
    known = [one for host in plan.going if (one := plan.sizes.get(host)) is not None]
    if not known:
        return ""
    freed = f", which frees {_size(sum(one.freed for one in known))}"
    if not (unknown := len(plan.going) - len(known)):
        return freed
    return f"{freed} and what is not known of {hosts_words(unknown)}"


def prune_question(plan: PrunePlan) -> str:
    """Ask whether they may go."""
    return f"Remove {_releases(plan.going)} from {hosts_words(len(plan.going))}?"


def _releases(going: Mapping[str, Sequence[str]]) -> str:
    count = sum(map(len, going.values()))
    return f"{count} release{'' if count == 1 else 's'}"


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
