"""How the tests are shared out among the processes that run them, and what those start with."""

import signal

import pytest
from xdist.scheduler import LoadScopeScheduling  # type: ignore[import-untyped]

ON_ONE_FLEET = ("tests/integration/rolling/test_past_runs.py",)
"""Files whose tests look at what one fleet went through: 80 s to make, in each process anew."""


class ByFleet(LoadScopeScheduling):  # type: ignore[misc]
    """Shares out each test by itself, but all tests of such a file to one process.

    Not ``--dist loadgroup``: with pytest 9.2 and xdist 3.8 its groups are not held (measured).
    """

    def _split_scope(self, nodeid: str) -> str:
        file, _, _ = nodeid.partition("::")
        return file if file in ON_ONE_FLEET else nodeid


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: object) -> ByFleet:
    return ByFleet(config, log)


def pytest_configure() -> None:
    """Let Ctrl-C work though the tests run in the background, where a shell has it ignored.

    What they start would inherit that: `status --watch` was not ended by it.
    """
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
