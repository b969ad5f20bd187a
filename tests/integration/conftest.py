"""Real daemons for the tests of this folder, and what they logged when a test fails."""

import os
from collections.abc import Callable, Generator, Iterator
from contextlib import ExitStack

import pytest

from examples.fleet import Fleet, Missing, Shape
from examples.fleet.household import program
from examples.fleet.whole import PROGRAMS
from tests.support.logins import Logins, needs_root

os.environ["COLUMNS"] = "1000"
"""A summary is wrapped to it: a phrase that a test looks for stands on one line."""

FLEETS = pytest.StashKey[list[Fleet]]()

MakeFleet = Callable[[Shape], Fleet]


@pytest.fixture(scope="session", autouse=True)
def daemons() -> None:
    """Skip where a daemon is not installed; fail there if REQUIRE_DAEMONS is set."""
    try:
        for name in PROGRAMS:
            program(name)
    except Missing as error:
        if os.environ.get("REQUIRE_DAEMONS"):
            raise
        pytest.skip(str(error))


@pytest.fixture
def make_fleet(request: pytest.FixtureRequest) -> Iterator[MakeFleet]:
    """Start fleets that end with the test."""
    fleets = request.node.stash.setdefault(FLEETS, [])
    with ExitStack() as stack:

        def make(shape: Shape) -> Fleet:
            fleet = stack.enter_context(Fleet(shape))
            fleets.append(fleet)
            return fleet

        yield make


@pytest.fixture
def logins() -> Iterator[Logins]:
    """Make logins with real uids, which end with the test."""
    needs_root()
    found = Logins()
    yield found
    found.close()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item,
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    if report.when == "call" and report.failed:
        for fleet in item.stash.get(FLEETS, []):
            report.sections.append(("the fleet's logs", fleet.logs()))
    return report
