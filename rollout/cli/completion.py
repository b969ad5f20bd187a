"""What TAB offers where it depends on the settings and on earlier runs; silent on every error.

Nothing heavy is imported: the settings are read as TOML and not judged, journals as lines.
"""

import os
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import typer

from rollout.settings.options import Option

HOSTS, ENVIRONMENTS, RELEASES, RUNS = "hosts", "environments", "releases", "runs"
"""What ``Option.completes`` may be."""

LATER = "rollout.later"
"""Where the global options that stand after the command are kept while a word is completed."""

NEWEST = 20
"""Journals that are searched for releases, each up to ``MOST`` bytes."""
MOST = 1_000_000
A_RELEASE = re.compile(rb'"([0-9]{14})"')
HARMLESS = re.compile(r"[A-Za-z0-9_.:@+-]+")
"""A name that a shell takes as it stands: no settings of a stranger type more than a word."""
WITH_RELEASES = (b'"deploy.started"', b'"deploy.in_place"', b'"deploy.finished"')
"""The events that name releases."""


def completer(option: Option) -> Callable[[typer.Context, str], Sequence[str]] | None:
    """Return what offers the values of ``option``; None where they are not known."""
    if not option.completes and not option.values:
        return None

    def offer(ctx: typer.Context, incomplete: str) -> Sequence[str]:
        if option.values:
            return option.values
        try:
            return list(OFFERS[option.completes](ctx, incomplete))
        except Exception:  # noqa: BLE001 - a traceback in a command line helps no reader
            return ()

    return offer


def is_completing(environ: Mapping[str, str]) -> bool:
    """Tell whether a shell asks what TAB offers: then no word of ours may stand in its line."""
    return "_ROLLOUT_COMPLETE" in environ


def complete(app: Callable[..., object]) -> int:
    """Print what TAB offers, and nothing where that fails; return the exit code."""
    try:
        join_words(os.environ)
        app(prog_name="rollout")
    except SystemExit as left:
        return left.code if isinstance(left.code, int) else 0
    except Exception:  # noqa: BLE001 - as above
        return 1
    return 0


def join_words(environ: dict[str, str] | os._Environ[str]) -> None:
    """Let ``--hosts=web1`` be one option and its value, where bash counts it as three words.

    typer 0.29 reads the words as they are, and takes ``=`` for the value.
    """
    words = environ.get("COMP_WORDS", "")
    if "\n=" not in words or not environ.get("COMP_CWORD", "").isdigit():
        return
    split, current = words.split("\n"), int(environ["COMP_CWORD"])
    joined = [word for n, word in enumerate(split) if word != "=" or n == current]
    before = sum(word == "=" for word in split[:current])
    if split[current] == "=":
        joined[current - before] = ""
    environ["COMP_WORDS"] = "\n".join(joined)
    environ["COMP_CWORD"] = str(current - before)


@dataclass(frozen=True, slots=True)
class _SettingsFile:
    """A settings file with the overlay that was chosen, not judged."""

    app: str
    hosts: tuple[str, ...]


def _hosts(ctx: typer.Context, incomplete: str) -> Iterator[str]:
    """Offer the hosts and the ranges of the settings, behind those that are typed already."""
    from rollout.text.hostnames import expand, split_names  # noqa: PLC0415 - only for this TAB

    patterns = [name for one in _settings(ctx).hosts for name in split_names(one)]
    before, chosen = _before_the_last(incomplete), set[str]()
    for name in split_names(before):
        chosen |= {name, *expand(name)}
    for pattern in dict.fromkeys(patterns):
        names = expand(pattern)
        both = names if len(names) == 1 or chosen & {*names} else (pattern, *names)
        yield from (f"{before}{name}" for name in both if name not in chosen)


def _before_the_last(typed: str) -> str:
    """Return what is typed up to the last comma that is not inside a range."""
    last = max((n for n, at in enumerate(typed) if at == "," and _is_outside(typed, n)), default=-1)
    return typed[: last + 1]


def _is_outside(typed: str, place: int) -> bool:
    return typed.count("[", 0, place) == typed.count("]", 0, place)


def _environments(ctx: typer.Context, incomplete: str) -> Sequence[str]:
    del incomplete
    overlays = _tree(ctx).get("env", {})
    names = [name for name in overlays if isinstance(overlays[name], dict)]
    return [name for name in names if HARMLESS.fullmatch(name)]


def _releases(ctx: typer.Context, incomplete: str) -> Sequence[str]:
    """Offer the releases that earlier runs of this machine name, the newest first."""
    del incomplete
    found: set[str] = set()
    for journal in _journals(ctx)[:NEWEST]:
        with journal.open("rb") as file:
            for line in file.read(MOST).splitlines():
                if any(event in line for event in WITH_RELEASES):
                    found |= {name.decode() for name in A_RELEASE.findall(line)}
    return sorted(found, reverse=True)


def _runs(ctx: typer.Context, incomplete: str) -> Sequence[str]:
    """Offer the runs of this machine, the newest first."""
    del incomplete
    return [journal.name.split(".")[-2] for journal in _journals(ctx)]


def _journals(ctx: typer.Context) -> list[Path]:
    from rollout.paths import journal_directories  # noqa: PLC0415 - only for this TAB

    app = re.escape(_settings(ctx).app)
    name = re.compile(rf"{app}\.[0-9]{{6,}}\.[0-9a-f]{{6}}\.jsonl")
    known: list[Path] = []
    for directory in journal_directories(os.environ):
        with suppress(OSError):
            known += [one for one in directory.iterdir() if name.fullmatch(one.name)]
    return sorted(known, key=lambda one: one.name, reverse=True)


def _settings(ctx: typer.Context) -> _SettingsFile:
    tree = _tree(ctx)
    fleet = tree.get("fleet", {})
    overlay = tree.get("env", {}).get(_typed(ctx, "env"), {})
    hosts = overlay.get("fleet", {}).get("hosts", fleet.get("hosts", []))
    return _SettingsFile(
        app=str(overlay.get("app", tree.get("app", ""))), hosts=tuple(map(str, hosts))
    )


def _tree(ctx: typer.Context) -> dict[str, Any]:
    import tomllib  # noqa: PLC0415 - only for this TAB

    from rollout.paths import settings_places  # noqa: PLC0415 - as above
    from rollout.settings.files import find_file  # noqa: PLC0415 - as above

    found = find_file(_typed(ctx, "config") or None, settings_places(os.environ), lambda _: None)
    return tomllib.loads(found.data.decode("utf-8-sig"))


def _typed(ctx: typer.Context, name: str) -> str:
    """Return a global option, as it stands before the command, after it, or in a variable."""
    later = ctx.meta.get(LATER, {}).get(name)
    return str(later or ctx.find_root().params.get(name) or "")


OFFERS: dict[str, Callable[[typer.Context, str], Any]] = {
    HOSTS: _hosts,
    ENVIRONMENTS: _environments,
    RELEASES: _releases,
    RUNS: _runs,
}
