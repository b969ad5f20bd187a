"""Releases on a real disk behind a real sshd, and calls that wait."""

import asyncio
import os
import shlex
import subprocess
import time
from collections.abc import Callable, Coroutine, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from rollout.adapters.releases.on_hosts import ReleasesOnDisk
from rollout.adapters.releases.options import ReleaseOptions
from rollout.adapters.ssh import Ssh
from rollout.adapters.ssh.scripts import Remote
from rollout.model.fleet import Finding
from rollout.model.releases import BuildStep, HostReleases, Release, ReleaseSizes, ReleaseStatus
from rollout.ports.commands import CommandResult

T = TypeVar("T")

OLD, LIVE, NEW = "20261101000000", "20261102000000", "20261122230000"
RELEASE = Release(NEW, "c0ffee" * 6 + "beef")

Wrap = Callable[[str], str]


@dataclass
class Place:
    """``deploy.to`` of one host, and the releases there as the scenarios see them."""

    to: Path
    ssh: Ssh
    settings: dict[str, Any] = field(default_factory=dict)
    wrap: Wrap = str

    @property
    def on_disk(self) -> ReleasesOnDisk:
        def run(
            host: str, command: str, *, timeout: float, stdin: bytes | memoryview = b""
        ) -> CommandResult:
            return self.ssh.run(host, self.wrap(command), timeout=timeout, stdin=bytes(stdin))

        options = ReleaseOptions(to=str(self.to), **self.settings)
        return ReleasesOnDisk(Remote(run, asyncio.to_thread), options)

    def wait(self, act: Coroutine[Any, Any, T]) -> T:
        return asyncio.run(act)

    def look(self) -> HostReleases:
        return self.wait(self.on_disk.look("web1"))

    def examine(self) -> tuple[Finding, ...]:
        return self.wait(self.on_disk.examine("web1"))

    def whereabouts(self, *pids: int) -> Mapping[int, str]:
        return self.wait(self.on_disk.whereabouts("web1", pids))

    def tidy(self) -> tuple[str, ...]:
        return self.wait(self.on_disk.tidy("web1"))

    def begin(self, release: Release = RELEASE, *, fresh: bool = True) -> None:
        self.wait(self.on_disk.begin("web1", release, fresh=fresh))

    def link_shared(self) -> None:
        self.wait(self.on_disk.link_shared("web1", RELEASE))

    def build(
        self,
        command: str,
        *,
        name: str = "stylesheets",
        timeout: float = 20.0,
        environ: Mapping[str, str] | None = None,
        release: Release = RELEASE,
    ) -> None:
        step = BuildStep(name, command, timeout, environ or {})
        self.wait(self.on_disk.build("web1", release, step))

    def revision(self, release: Release = RELEASE) -> str:
        return self.wait(self.on_disk.revision("web1", release))

    def switch(self, release: Release = RELEASE) -> None:
        self.wait(self.on_disk.switch("web1", release))

    def restore(self, release: Release = RELEASE) -> None:
        self.wait(self.on_disk.restore("web1", release))

    def discard(self, release: Release = RELEASE) -> None:
        self.wait(self.on_disk.discard("web1", release))

    def settle(self, name: str, mark: ReleaseStatus) -> None:
        self.wait(self.on_disk.settle("web1", name, mark))

    def sizes(self, *names: str) -> ReleaseSizes | None:
        return self.wait(self.on_disk.sizes("web1", names))

    def prune(self, *names: str) -> Sequence[str]:
        return self.wait(self.on_disk.prune("web1", names))

    def release(self, name: str) -> Path:
        return self.to / "releases" / name

    @property
    def current(self) -> Path:
        return self.to / "current"

    @property
    def notes(self) -> set[str]:
        return {file.name for file in (self.to / ".rollout/notes").iterdir()}

    def lay_out(self, *names: str, live: str = "") -> None:
        """Make releases as Capistrano leaves them."""
        for name in names:
            self.release(name).mkdir(parents=True)
            (self.release(name) / "REVISION").write_text(f"revision of {name}\n")
        if live:
            self.current.symlink_to(self.release(live))

    def everything(self) -> set[str]:
        """All that stands there, but for places of ours with nothing in them."""
        return {
            str(path.relative_to(self.to))
            for path in self.to.rglob("*")
            if not (".rollout" in path.parts and path.is_dir())
        }


@contextmanager
def running_in(directory: Path, user: int | None = None) -> Iterator[int]:
    """A process that works in ``directory``."""
    process = subprocess.Popen(["sleep", "60"], cwd=directory, user=user, group=user)
    try:
        yield process.pid
    finally:
        process.kill()
        process.wait()


def text_of(link: Path) -> str:
    """What a symlink says, to the letter."""
    return os.readlink(link)  # noqa: PTH115 - a Path leaves out what it takes for superfluous


def as_nobody(command: str) -> str:
    """Run ``command`` without root's rights."""
    drop = "exec setpriv --reuid=65534 --regid=65534 --clear-groups sh -c "
    return drop + shlex.quote(command)


def alive(pid: int) -> bool:
    with suppress(OSError):
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    return False


def wait_for(there: Callable[[], T], timeout: float = 10.0) -> T:
    deadline = time.monotonic() + timeout
    while not (found := there()):
        assert time.monotonic() < deadline, "it did not come about"
        time.sleep(0.02)
    return found
