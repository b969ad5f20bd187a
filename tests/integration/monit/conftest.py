"""Things of the monit tests, named as things."""

import asyncio
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from rollout.adapters.monit.supervisor import MonitOptions, MonitSupervisor
from tests.support.monitd import Daemon, monit_in, run_here


@pytest.fixture
def daemon() -> Iterator[Daemon]:
    if shutil.which("monit") is None:
        pytest.skip("monit is not installed")
    # Not tmp_path: a UNIX socket's path has 107 bytes at most.
    with TemporaryDirectory(prefix="monit-") as home, monit_in(Path(home)) as one:
        yield one


@pytest.fixture
def supervisor(daemon: Daemon) -> Callable[..., MonitSupervisor]:
    """Make a supervisor for the daemon; keywords are options."""

    def make(**options: object) -> MonitSupervisor:
        settings = MonitOptions(**{"command": daemon.command, "match": "app.*", **options})  # type: ignore[arg-type] # any option
        return MonitSupervisor(run_here, settings, asyncio.to_thread)

    return make
