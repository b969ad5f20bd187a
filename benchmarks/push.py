"""What it costs to send a release: ours beside a loop of rsync written by hand, by turns.

    python -m benchmarks.push [rounds] [pool]

Ten hosts are ten loopback addresses of one real sshd, each with a directory of its own.  The
release has 1,000 files of 5,000 bytes, half of them incompressible, of which 20 differ from the
release before.  Both send the same export into fresh directories, so many hosts at once.

Ours is ``PushSource.deliver``, whole: the look for the note, rsync, REVISION.  "warm" is as in a
deploy, whose preflight has connected; "cold" connects first.  The loop connects each time, as ssh
does, once with OpenSSH's own key exchange and once with the cheaper one that paramiko has.
Processor time is of this side alone: this process and its children, or the loop and its.
"""

import asyncio
import random
import resource
import shlex
import shutil
import statistics
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path

from benchmarks.same_run.children import load, run
from rollout.adapters.local.thread_pool import Pool
from rollout.adapters.releases.layout import NOTES
from rollout.adapters.sources.push import PushOptions, PushSource
from rollout.adapters.ssh import Ssh, SshOptions
from rollout.adapters.ssh.scripts import Remote
from rollout.model.releases import Release
from tests.support.sshd import Sshd, public, running_sshd

HOSTS = {f"web{number:02}": f"127.0.4.{number}" for number in range(1, 11)}
FILES, SIZE, CHANGED = 1000, 5000, 20
BEFORE = "20260101000000"
CPU_TARGET, WALL_TARGET = 30.0, 1.1
PATIENCE = 60.0

Figures = tuple[float, float]
"""Seconds of wall, and of processor."""


@contextmanager
def fleet() -> Iterator[tuple[Sshd, Path]]:
    """Start one sshd on all addresses; a command finds itself in the directory of its address."""
    with ExitStack() as closing:
        disks = Path(tempfile.mkdtemp(prefix="push-"))
        closing.callback(shutil.rmtree, disks, ignore_errors=True)
        first, *others = HOSTS.values()
        forced = f'set -- $SSH_CONNECTION; cd {disks}/$3 && exec sh -c "$SSH_ORIGINAL_COMMAND"'
        listen = [f"ListenAddress {address}" for address in others]
        server = closing.enter_context(
            running_sshd(*listen, f"ForceCommand {forced}", address=first)
        )
        key = public(server.host_keys["ed25519"])
        server.vouch(*(f"[{address}]:{server.port} {key}" for address in HOSTS.values()))
        for host, address in HOSTS.items():
            server.configure(host, f"HostName {address}")
            (disks / address / "srv/releases").mkdir(parents=True)
            (disks / address / "srv" / NOTES).mkdir(parents=True)
        yield server, disks


def write_tree(tree: Path, version: int) -> None:
    """Write the release; of version 1 all files but 20 are as in version 0."""
    for number in range(FILES):
        noise = random.Random(number if number >= CHANGED else f"{number} of {version}")
        half = noise.randbytes(SIZE // 2)
        file = tree / f"part{number % 25:02}" / f"file{number:04}.rb"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(half + b"x" * (SIZE - len(half)))


def begin(disks: Path, name: str) -> None:
    """Do what has been done on every host before the code comes."""
    for address in HOSTS.values():
        (disks / address / "srv/releases" / name).mkdir()
        (disks / address / "srv" / NOTES / name).write_text("")


def used() -> float:
    """Seconds of processor of this process and of the children that it has waited for."""
    kinds = (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
    return sum(got.ru_utime + got.ru_stime for got in map(resource.getrusage, kinds))


class Bench:
    """Two ways to send one export, each to all hosts, into a release of its own each time."""

    def __init__(self, server: Sshd, disks: Path, at_once: int) -> None:
        self._server = server
        self._disks = disks
        self._at_once = at_once
        self._names = iter(range(20260102000000, 20260103000000))
        self._tree = disks / "tree"
        self._cache = disks / "cache"

    def _next(self) -> str:
        name = str(next(self._names))
        begin(self._disks, name)
        return name

    async def measure(self, rounds: int) -> dict[str, list[Figures]]:
        """Put the release before everywhere, then take turns."""
        config = SshOptions(config=self._server.config)
        with Ssh(config) as ssh:
            write_tree(self._tree, 0)
            begin(self._disks, BEFORE)
            source = self._source(ssh)
            release = Release(BEFORE, await source.resolve([]))
            await source.prepare(release)
            await self._deliver(source, release, "")
            write_tree(self._tree, 1)
            began, cpu = time.perf_counter(), used()
            revision = await source.resolve([])
            await source.prepare(Release("next", revision))
            found: dict[str, list[Figures]] = {
                "export, once": [(time.perf_counter() - began, used() - cpu)]
            }
            export = next((self._cache / "exports").iterdir()) / "code"

            async def warm() -> Figures:
                return await self._deliver(source, Release(self._next(), revision), BEFORE)

            async def cold() -> Figures:
                with Ssh(config) as fresh:
                    again = self._source(fresh)
                    again._export = source._export  # noqa: SLF001 - the same export
                    again._lacks = source._lacks  # noqa: SLF001 - known since the preflight
                    return await self._deliver(again, Release(self._next(), revision), BEFORE)

            async def by_hand(*options: str) -> Figures:
                return self._loop(export, self._next(), *options)

            curve = "-oKexAlgorithms=curve25519-sha256"
            cases: dict[str, Callable[[], Awaitable[Figures]]] = {
                "ours, warm": warm,
                "ours, cold": cold,
                "loop, curve25519": partial(by_hand, curve),
                "loop": by_hand,
            }
            for turn in range(-1, rounds):
                for name, case in cases.items():
                    figures = await case()
                    if turn >= 0:
                        found.setdefault(name, []).append(figures)
            self._check()
            source.close()
        return found

    def _source(self, ssh: Ssh) -> PushSource:
        pool = Pool(32)
        options = PushOptions(
            to="srv",
            cache=self._cache,
            logs=self._cache / "logs",
            tree=self._tree,
            timeout=PATIENCE,
        )
        return PushSource(Remote(ssh.run, pool.call), ssh.carry, pool.call, options)

    async def _deliver(self, source: PushSource, release: Release, before: str) -> Figures:
        turn = asyncio.Semaphore(self._at_once)

        async def one(host: str) -> None:
            async with turn:
                await source.deliver(host, release, before)

        began, cpu = time.perf_counter(), used()
        await asyncio.gather(*map(one, HOSTS))
        return time.perf_counter() - began, used() - cpu

    def _loop(self, export: Path, name: str, *options: str) -> Figures:
        ssh = shlex.join(["ssh", "-F", str(self._server.config), "-oBatchMode=yes", *options])
        send = (
            f"rsync -a --no-o --no-g --delete --link-dest=../{BEFORE} -e {shlex.quote(ssh)} "
            f'{export}/ "$1:srv/releases/{name}/"'
        )
        hosts = " ".join(HOSTS)
        each = f"xargs -n1 -P{self._at_once} sh -c {shlex.quote(send)} sh"
        ran = run(["sh", "-c", f"printf '%s\\n' {hosts} | {each}"])
        assert ran.code == 0
        return ran.wall, ran.cpu

    def _check(self) -> None:
        """Every release is whole, and 980 files of it are those of the release before."""
        for address in HOSTS.values():
            releases = self._disks / address / "srv/releases"
            old = {file.stat().st_ino for file in (releases / BEFORE).rglob("*.rb")}
            for release in releases.iterdir():
                files = [file.stat().st_ino for file in release.rglob("*.rb")]
                assert len(files) == FILES
                assert release.name == BEFORE or len(old & set(files)) == FILES - CHANGED


def show(found: dict[str, list[Figures]], at_once: int) -> None:
    """Print medians and ratios."""
    medians = {
        name: tuple(statistics.median(column) for column in zip(*figures, strict=True))
        for name, figures in found.items()
    }
    hosts = len(HOSTS)
    print(f"\n{hosts} hosts, {at_once} at once, {FILES} files, {CHANGED} changed; {load()}")
    print(f"  {'':<20} {'wall':>9} {'processor':>10}")
    for name, (wall, cpu) in medians.items():
        each = 1 if name == "export, once" else hosts
        what = "" if each == 1 else " a host"
        print(f"  {name:<20} {wall * 1000:6.0f} ms {cpu * 1000 / each:7.1f} ms{what}")
    print(f"  processor a host: target {CPU_TARGET:g} ms")
    for ours in ("ours, warm", "ours, cold"):
        for theirs in ("loop, curve25519", "loop"):
            wall = medians[ours][0] / medians[theirs][0]
            cpu = medians[ours][1] / medians[theirs][1]
            print(f"  {ours} / {theirs}: wall {wall:.2f} (target {WALL_TARGET}), cpu {cpu:.2f}")


def main() -> None:
    """Measure with a pool of 10, or as many as were asked for."""
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 7
    at_once = int(sys.argv[2]) if len(sys.argv) > 2 else 10  # noqa: PLR2004 - the second argument
    with fleet() as (server, disks):
        show(asyncio.run(Bench(server, disks, at_once).measure(rounds)), at_once)


if __name__ == "__main__":
    main()
