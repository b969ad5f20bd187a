"""The map of the house is true: who may know whom, how big a room may be, what stays outside.

An arrow is an import, wherever it stands: at the top, in a function, for the type checker only.
When an arrow and the map differ, one of them is changed on purpose.
"""

import ast
import fnmatch
import gc
import os
import re
import sys
from collections.abc import Iterator
from functools import cache
from graphlib import CycleError, TopologicalSorter
from importlib.util import resolve_name
from pathlib import Path

import pytest

from rollout.render.exits import exit_table

HOME = Path(__file__).parents[1]

NOUNS = (
    *(
        "admin_sockets",
        "deploy_events",
        "deploy_ledger",
        "deploys",
        "durations",
        "errors",
        "events",
    ),
    *("fleet", "holders", "holdings", "hostnames", "known_fleet", "ledger", "nearest"),
    *("newcomers", "past_runs", "places", "plan", "redaction", "refs", "releases", "server_lines"),
    *("server_settings", "shares", "sights", "sizes", "standings", "trusted_paths", "verdicts"),
)
STORIES = (
    *(
        "baselines",
        "claiming",
        "current_links",
        "dead_runs",
        "emptying",
        "everywhere",
        "final_look",
        "grip",
    ),
    *("ladder", "late_proof", "orders", "preflight", "proof", "pruning", "readiness"),
    *("recovery", "restarting", "resuming", "returning", "rolling", "rolling_back", "room"),
    *("safe_ends", "seating"),
    *("shelving", "soaking", "survey", "switching", "transaction", "uninterrupted"),
    *("waiting", "watch", "window"),
)

ROOMS = {
    **{f"rollout.{name}": "nouns" for name in NOUNS},
    "rollout.ports": "ports",
    "rollout.record_ports": "ports",
    "rollout.release_ports": "ports",
    **{f"rollout.{name}": "stories" for name in STORIES},
    "rollout.adapters": "adapters",
    "rollout.adapters.haproxy": "haproxy",
    "rollout.adapters.monit": "monit",
    "rollout.adapters.ssh": "ssh",
    "rollout.render": "render",
    "rollout.settings": "settings",
    "rollout.cli": "cli",
    "rollout.__main__": "cli",
    "rollout.version": "name and version",
    "rollout": "name and version",
}
"""A module lives where the longest name that it begins with says."""

MAY_KNOW = {
    "nouns": {"nouns"},
    "ports": {"nouns", "ports"},
    "stories": {"nouns", "ports", "stories"},
    "ssh": {"nouns", "ports", "ssh"},
    "monit": {"nouns", "ports", "monit"},
    "haproxy": {"nouns", "ports", "haproxy", "adapters", "ssh"},
    "adapters": {"nouns", "ports", "adapters", "haproxy", "monit", "ssh"},
    "render": {"nouns", "render"},
    "settings": {"nouns", "settings"},
    "cli": set(ROOMS.values()),
    "name and version": set[str](),
}

LIBRARIES = {
    "paramiko": {"ssh"},
    "cryptography": {"ssh"},
    "_typeshed": {"ssh"},  # names for mypy alone
    "haproxyadmin": {"haproxy"},
    "pydantic": {"settings"},
    "pydantic_core": {"settings"},
    "pydantic_settings": {"settings"},
    "typer": {"cli"},
    "asyncio": {"stories", "adapters", "haproxy", "monit", "ssh", "cli"},
}
"""Who may import what is not ours; the standard library but for asyncio is everybody's."""

LINES_OF_A_MODULE = 400
LINES_OF_A_FUNCTION = 70
LONG_FOR_A_REASON = {
    "rollout.events": "one closed union: everything that can happen is to be seen on one page",
}


def modules() -> dict[str, Path]:
    found = {}
    for file in sorted((HOME / "rollout").rglob("*.py")):
        parts = file.relative_to(HOME).with_suffix("").parts
        found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = file
    return found


MODULES = modules()


@cache
def tree_of(file: Path) -> ast.AST:
    """Parse a module, undisturbed.

    Python 3.11.2, which is Debian's, loses count when one parse interrupts another: a collected
    task of another test, for example, has its traceback printed, which parses (cpython#106905).
    """
    gc.disable()
    try:
        return ast.parse(file.read_text(encoding="utf-8"))
    finally:
        gc.enable()


def room_of(module: str) -> str:
    """Name the room of ``module``; a top-level module that the map does not have has none."""
    name = module
    while name not in ROOMS and name.count(".") > 1:
        name = name.rpartition(".")[0]
    return ROOMS.get(name, "")


def imports(module: str, tree: ast.AST, *, package: bool) -> Iterator[str]:
    """Yield the full name of every module that ``module`` imports, wherever it does."""
    here = module if package else module.rpartition(".")[0]
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = resolve_name("." * node.level + (node.module or ""), here)
            inside = [f"{base}.{alias.name}" for alias in node.names]
            yield from (name if name in MODULES else base for name in inside)


def wrong_arrow(module: str, imported: str) -> str:
    """Say what is wrong with ``module`` importing ``imported``; empty if the map allows it."""
    room = room_of(module)
    if not room:
        return f"{module} stands in no room: give it one in this map"
    root = imported.partition(".")[0]
    if root == "rollout":
        other = room_of(imported)
        if other in MAY_KNOW[room] or imported == "rollout":
            return ""
        return f"{module} ({room}) -> {imported} ({other or 'no room'})"
    known = root in sys.stdlib_module_names or root in LIBRARIES
    if known and room in LIBRARIES.get(root, {room}):
        return ""
    return f"{module} ({room}) -> {root} (for {', '.join(sorted(LIBRARIES.get(root, {'nobody'})))})"


def arrows() -> Iterator[tuple[str, str]]:
    for module, file in MODULES.items():
        for imported in imports(module, tree_of(file), package=file.name == "__init__.py"):
            yield module, imported


def test_every_import_follows_the_map_of_the_house() -> None:
    wrong = {said for arrow in arrows() if (said := wrong_arrow(*arrow))}
    assert not wrong, "arrows that the map does not have:\n  " + "\n  ".join(sorted(wrong))


def test_the_map_names_only_what_stands() -> None:
    assert set(ROOMS) <= set(MODULES)


def test_nothing_in_the_house_goes_round_in_a_circle() -> None:
    graph: dict[str, set[str]] = {module: set() for module in MODULES}
    for module, imported in arrows():
        if imported in MODULES and imported != module:
            graph[module].add(imported)
    try:
        list(TopologicalSorter(graph).static_order())
    except CycleError as error:
        pytest.fail(" <- ".join(error.args[1]))


@pytest.mark.parametrize(
    ("module", "line", "said"),
    [
        ("rollout.fleet", "import paramiko", "rollout.fleet (nouns) -> paramiko (for ssh)"),
        ("rollout.fleet", "import asyncio", "rollout.fleet (nouns) -> asyncio"),
        ("rollout.fleet", "import requests", "rollout.fleet (nouns) -> requests (for nobody)"),
        ("rollout.events", "from rollout import ports", "(nouns) -> rollout.ports (ports)"),
        ("rollout.window", "from rollout.adapters import ssh", "(stories) -> rollout.adapters.ssh"),
        ("rollout.render.plain", "from rollout import window", "(render) -> rollout.window"),
        ("rollout.adapters.monit.blocks", "from .. import haproxy", "(monit) -> rollout.adapters"),
        ("rollout.adapters.ssh.run", "import rollout.adapters.threads", "(ssh) -> rollout.adapt"),
        ("rollout.settings.model", "import typer", "(settings) -> typer (for cli)"),
        ("rollout.newcomer", "import os", "rollout.newcomer stands in no room"),
    ],
)
def test_a_forbidden_arrow_is_named_even_inside_a_function(
    module: str, line: str, said: str
) -> None:
    tree = ast.parse(f"if TYPE_CHECKING:\n    def late() -> None:\n        {line}\n")
    (imported,) = imports(module, tree, package=False)
    assert said in wrong_arrow(module, imported)


def test_a_module_is_short_enough_to_be_read_at_night() -> None:
    long = {
        f"{module}: {count} lines"
        for module, file in MODULES.items()
        if (count := len(file.read_text(encoding="utf-8").splitlines())) > LINES_OF_A_MODULE
        and module not in LONG_FOR_A_REASON
    }
    assert not long
    assert set(LONG_FOR_A_REASON) <= set(MODULES)


def test_a_function_fits_on_a_screen() -> None:
    long = []
    for file in MODULES.values():
        for node in ast.walk(tree_of(file)):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                count = (node.end_lineno or node.lineno) - node.lineno + 1
                if count > LINES_OF_A_FUNCTION:
                    long.append(f"{file.name}:{node.lineno} {node.name}: {count} lines")
    assert not long


def ours() -> Iterator[Path]:
    """Yield every file of the project: all but what git is told to ignore, and git itself."""
    ignored = [line.rstrip("/") for line in (HOME / ".gitignore").read_text().split()] + [".git"]

    def stays(name: str) -> bool:
        return not any(fnmatch.fnmatch(name, pattern) for pattern in ignored)

    for directory, below, files in os.walk(HOME):
        below[:] = filter(stays, below)
        yield from (Path(directory, name) for name in filter(stays, files))


# Written in pieces, so that this file is not the first to be found.  The image has a user rollout.
REGISTRIES = (
    *("py" + "pi.org", "python" + "hosted.org", "npm" + "js.", "ruby" + "gems.org"),
    *("deb." + "debian.org", "security." + "debian.org", "archive." + "ubuntu.com"),
    *("crates" + ".io", "ghcr" + ".io", "docker" + ".io", "quay" + ".io"),
)
MACHINES = ("work", "root", "farm", "Users/" + r"\w+", "home/" + r"(?!rollout/)\w{2,}")
OUTSIDE = re.compile(
    "|".join(map(re.escape, REGISTRIES)) + r"|(?<![\w./-])/(?:" + "|".join(MACHINES) + ")/"
)


def test_no_file_names_a_package_registry_or_somebodys_machine() -> None:
    found = [
        f"{file.relative_to(HOME)}:{number}: {seen[0]}"
        for file in ours()
        for number, line in enumerate(file.read_bytes().decode("latin-1").splitlines(), 1)
        if (seen := OUTSIDE.search(line))
    ]
    assert not found


@pytest.mark.parametrize(
    "line",
    [
        "https://" + "py" + "pi.org/simple",
        "http://" + "deb.debian" + ".org/debian",
        "see " + "/wo" + "rk/notes",
        'Path("' + "/home/" + 'alice/rollout")',
    ],
)
def test_the_search_for_what_stays_outside_would_find_it(line: str) -> None:
    assert OUTSIDE.search(line)


def test_the_readme_has_the_table_of_exit_codes_as_the_ledger_tells_it() -> None:
    assert exit_table() in (HOME / "README.md").read_text(encoding="utf-8")
