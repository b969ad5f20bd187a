"""The map of the house is true: who may know whom, how big a room may be, what stays outside.

An arrow is an import, wherever it stands: at the top, in a function, for the type checker only.
When an arrow and the map differ, one of them is changed on purpose.
"""

import ast
import gc
import re
import sys
from collections.abc import Iterator
from functools import cache
from graphlib import CycleError, TopologicalSorter
from importlib.util import resolve_name
from pathlib import Path

import pytest

from rollout.summary.exit_codes import exit_table
from tests.support.project_files import project_files

HOME = Path(__file__).parents[1]

SHARED = {"model", "text", "ports"}
"""What every adapter may import."""

PACKAGES: dict[str, set[str]] = {
    "version": set(),
    "model": set(),
    "text": {"model"},
    "events": {"model"},
    "ports": {"model", "events"},
    "summary": {"model", "events", "text"},
    "history": {"model", "events", "summary", "text"},
    "wait": {"model", "events", "ports"},
    "trusted_paths": {"model"},
    "paths": {"trusted_paths"},
    "restart": {"model", "events", "ports", "text", "wait"},
    "deploy": {"model", "events", "ports", "text", "wait", "restart"},
    "planning": {"model", "text", "restart"},
    "recovery": {"model", "events", "ports", "text", "wait", "restart", "deploy"},
    "lock": {"model", "events", "ports", "text", "wait"},
    "discovery": {"model", "ports", "text"},
    "adapters": set(),
    "adapters.local": SHARED,
    "adapters.ssh": {*SHARED, "adapters.local"},
    "adapters.haproxy": {*SHARED, "adapters.local", "adapters.ssh"},
    "adapters.monit": {*SHARED, "adapters.ssh"},
    "adapters.probe": {*SHARED, "adapters.local", "adapters.ssh"},
    "adapters.journal": {*SHARED, "adapters.local", "trusted_paths"},
    "adapters.lock": {*SHARED, "adapters.local", "adapters.ssh", "adapters.journal"},
    "adapters.notify": {*SHARED, "events", "adapters.local"},
    "adapters.releases": {*SHARED, "adapters.ssh"},
    "adapters.sources": {*SHARED, "adapters.local", "adapters.ssh", "adapters.releases"},
    "output": {"model", "events", "summary", "history", "text"},
    "settings": {"model", "text", "paths", "trusted_paths"},
}
"""Each package with the packages that it may import; ``cli`` may import all of them."""

LIBRARIES = {
    "paramiko": {"adapters.ssh"},
    "cryptography": {"adapters.ssh"},
    "_typeshed": {"adapters.ssh"},  # names for mypy alone
    "haproxyadmin": {"adapters.haproxy"},
    "rich": {"output"},
    "pydantic": {"settings", "adapters.journal.serialization"},
    "pydantic_core": {"settings"},
    "pydantic_settings": {"settings"},
    "typer": {"cli"},
    "asyncio": {
        *("wait", "restart", "deploy", "recovery", "lock", "discovery", "cli"),
        *(name for name in PACKAGES if name.startswith("adapters.")),
    },
}
"""Which packages, or single modules, may import what is not ours.

The standard library but for asyncio is everybody's.
"""

OF_MONIT = re.compile(r"monit(?!or)", re.IGNORECASE)
"""In code, strings, docstrings or comments; "monitored" is a word of every supervisor."""

KNOWS_MONIT = {
    "rollout.cli.wiring",  # chooses the supervisor
    "rollout.cli.options",  # the text of --help, which is printed before any settings are read
    "rollout.output.report.next_step",  # the programs with which a fix may begin
}
"""What may name monit beside ``rollout/adapters/monit`` and ``rollout/settings``."""

LINES_OF_A_MODULE = 400
PARAMETERS_OF_A_FUNCTION = 4
A_CALL = "one command on a host: the call names what it needs beside the host and the command"
MADE_ONCE = "made in one place, the wiring, which names each part"
A_SENTENCE = "all that one sentence or finding names"
MANY_PARAMETERS = {
    "adapters.haproxy.balancer.__init__": MADE_ONCE,
    "adapters.local.shell.run_here": A_CALL,
    "adapters.lock.lock_directory.__init__": MADE_ONCE,
    "adapters.monit.preflight.findings_in": A_SENTENCE,
    "adapters.monit.preflight._of_number": A_SENTENCE,
    "adapters.releases.build.judge": A_SENTENCE,
    "adapters.releases.preflight_findings.finding_of": A_SENTENCE,
    "adapters.sources.git.git_trouble": A_SENTENCE,
    "adapters.sources.local_git.build_here": A_CALL,
    "adapters.ssh.addresses.__init__": MADE_ONCE,
    "adapters.ssh.client.run": A_CALL,
    "adapters.ssh.scripts.ask": A_CALL,
    "adapters.ssh.scripts.do": A_CALL,
    "output.dispatcher.__init__": MADE_ONCE,
    "output.select.renderers": MADE_ONCE,
    "output.writer.__init__": MADE_ONCE,
    "settings.load.load": MADE_ONCE,
    "trusted_paths.open_inside": "as os.open, with what is trusted and how it is shown",
}
"""Functions with more parameters than :data:`PARAMETERS_OF_A_FUNCTION`, with the reason."""

LINES_OF_A_FUNCTION = 70
LONG_FOR_A_REASON = {
    "rollout.events.run": "one closed union: everything that can happen is to be seen on one page",
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


def package_of(module: str) -> str:
    """Name the package of ``module``; one that the map does not have has none."""
    name = module.removeprefix("rollout.")
    if name == "__main__" or name.split(".")[0] == "cli":
        return "cli"
    while name not in PACKAGES and "." in name:
        name = name.rpartition(".")[0]
    return name if name in PACKAGES else ""


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
    package = package_of(module)
    if not package:
        return f"{module} stands in no package: give it one in this map"
    root = imported.partition(".")[0]
    if root == "rollout":
        other = package_of(imported)
        if package == "cli" or other in {package, *PACKAGES[package]} or imported == "rollout":
            return ""
        return f"{module} ({package}) -> {imported} ({other or 'no package'})"
    known = root in sys.stdlib_module_names or root in LIBRARIES
    if known and LIBRARIES.get(root, {package}) & {package, module.removeprefix("rollout.")}:
        return ""
    allowed = ", ".join(sorted(LIBRARIES.get(root, {"no package"})))
    return f"{module} ({package}) -> {root} (for {allowed})"


def arrows() -> Iterator[tuple[str, str]]:
    for module, file in MODULES.items():
        for imported in imports(module, tree_of(file), package=file.name == "__init__.py"):
            yield module, imported


def test_every_import_follows_the_map_of_the_house() -> None:
    wrong = {said for arrow in arrows() if (said := wrong_arrow(*arrow))}
    assert not wrong, "arrows that the map does not have:\n  " + "\n  ".join(sorted(wrong))


def test_only_what_declares_the_commands_imports_late() -> None:
    late = {
        module
        for module, file in MODULES.items()
        if package_of(module) == "cli"
        for node in ast.walk(tree_of(file))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        for inside in ast.walk(node)
        if isinstance(inside, ast.Import | ast.ImportFrom)
    }
    names = (
        "__main__",
        "cli.app",
        "cli.completion",
        "cli.console",
        "cli.global_options",
        "cli.main",
        "cli.plan_commands",
    )
    assert late == {f"rollout.{name}" for name in names}


def test_the_map_names_only_packages_that_exist() -> None:
    assert {f"rollout.{name}" for name in PACKAGES} <= set(MODULES)


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
        ("model.fleet", "import paramiko", "rollout.model.fleet (model) -> paramiko (for adap"),
        ("model.fleet", "import asyncio", "rollout.model.fleet (model) -> asyncio"),
        ("model.fleet", "import requests", "(model) -> requests (for no package)"),
        ("events.run", "from rollout import ports", "(events) -> rollout.ports (ports)"),
        ("restart.window", "from rollout.adapters import ssh", "(restart) -> rollout.adapters.ssh"),
        ("output.plain", "from rollout.restart import window", "(output) -> rollout.restart.win"),
        ("adapters.monit.commands", "from .. import haproxy", "-> rollout.adapters.haproxy"),
        ("adapters.ssh.command", "import rollout.adapters.haproxy", "(adapters.ssh) -> rollout.ad"),
        ("settings.model", "import typer", "(settings) -> typer (for cli)"),
        ("adapters.journal.reader", "import pydantic", "(adapters.journal) -> pydantic (for adapt"),
        ("newcomer", "import os", "rollout.newcomer stands in no package"),
    ],
)
def test_a_forbidden_arrow_is_named_even_inside_a_function(
    module: str, line: str, said: str
) -> None:
    tree = ast.parse(f"if TYPE_CHECKING:\n    def late() -> None:\n        {line}\n")
    (imported,) = imports(f"rollout.{module}", tree, package=False)
    assert said in wrong_arrow(f"rollout.{module}", imported)


def test_no_module_outside_its_adapter_names_the_supervisor() -> None:
    """A second supervisor adds a package; a word of monit's elsewhere would hide in its way."""
    naming = {
        module
        for module, file in MODULES.items()
        if OF_MONIT.search(file.read_text(encoding="utf-8"))
    }
    elsewhere = {
        module
        for module in naming
        if not module.removeprefix("rollout.").startswith(("adapters.monit", "settings."))
    }
    assert elsewhere == KNOWS_MONIT


def test_a_module_is_short_enough_to_be_read_at_night() -> None:
    long = {
        f"{module}: {count} lines"
        for module, file in MODULES.items()
        if (count := len(file.read_text(encoding="utf-8").splitlines())) > LINES_OF_A_MODULE
        and module not in LONG_FOR_A_REASON
    }
    assert not long
    assert set(LONG_FOR_A_REASON) <= set(MODULES)


def test_a_function_takes_at_most_four_parameters() -> None:
    many = set()
    for module, file in MODULES.items():
        for node in ast.walk(tree_of(file)):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                every = (*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs)
                count = len([one for one in every if one.arg not in {"self", "cls"}])
                if count > PARAMETERS_OF_A_FUNCTION:
                    many.add(f"{module.removeprefix('rollout.')}.{node.name}")
    assert not many - MANY_PARAMETERS.keys(), "bundle what belongs together"
    assert not MANY_PARAMETERS.keys() - many, "these have no more than four by now"


def test_a_function_fits_on_a_screen() -> None:
    long = []
    for file in MODULES.values():
        for node in ast.walk(tree_of(file)):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                count = (node.end_lineno or node.lineno) - node.lineno + 1
                if count > LINES_OF_A_FUNCTION:
                    long.append(f"{file.name}:{node.lineno} {node.name}: {count} lines")
    assert not long


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
        for file in project_files()
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


def test_the_manual_has_the_table_of_exit_codes_as_the_summary_tells_it() -> None:
    page = HOME / "docs" / "reference" / "exit-codes.md"
    assert exit_table() in page.read_text(encoding="utf-8")
