"""The disks of the hosts and the source of the code, satisfied by the world of the scenarios."""

import asyncio
from collections.abc import Callable, Mapping, Sequence

from rollout.model.errors import BuildFailed, ReleaseError, RolloutError
from rollout.model.fleet import Finding
from rollout.model.planned_run import Commits
from rollout.model.releases import (
    BuildStep,
    DiskRoom,
    HostReleases,
    Release,
    ReleaseOnHost,
    ReleaseSizes,
    ReleaseStatus,
)
from rollout.ports.site import CheckResult
from tests.support.simulation.world import Directory, Host, World, clock

REVISION = "c0ffee"
RELEASE_SIZE = 4096


class FakeReleases:
    """Satisfies :class:`rollout.ports.releases.Releases`."""

    def __init__(self, world: World) -> None:
        self.world = world

    async def look(self, host: str) -> HostReleases:
        async with self.world.faults.befall(f"{host} shelf", _from(host)):
            pass
        return shelf_of(self.world.hosts[host])

    async def examine(self, host: str) -> tuple[Finding, ...]:
        del host
        return ()

    def room(self, host: str) -> DiskRoom | None:
        del host
        return None

    async def sizes(self, host: str, names: Sequence[str]) -> ReleaseSizes | None:
        async with self.world.faults.befall(f"{host} sizes", _from(host)):
            pass
        return ReleaseSizes(dict.fromkeys(names, RELEASE_SIZE), RELEASE_SIZE * len(names))

    async def whereabouts(self, host: str, pids: Sequence[int]) -> Mapping[int, str]:
        async with self.world.faults.befall(f"{host} whereabouts", _from(host)):
            pass
        lives = [app.life(clock()) for app in self.world.hosts[host].apps]
        return {
            life.process.pid: life.release for life in lives if life and life.process.pid in pids
        }

    async def tidy(self, host: str) -> tuple[str, ...]:
        machine, said = self.world.hosts[host], []
        async with self.world.faults.befall(f"{host} tidy", _from(host)):
            for name in list(machine.notes):
                if name in running(machine):
                    if machine.current == name:
                        del machine.notes[name]
                    continue
                self._undo(machine, name)
                said.append(f"took back {name}")
        return tuple(said)

    async def begin(self, host: str, release: Release, *, fresh: bool) -> None:
        machine = self.world.hosts[host]
        async with self.world.faults.befall(f"{host} begin", _from(host)):
            self.world.restored.discard((host, release.name))
            machine.notes.setdefault(release.name, (fresh, machine.current))
            if fresh:
                machine.disk.setdefault(release.name, Directory())

    async def link_shared(self, host: str, release: Release) -> None:
        async with self._at_work(host, "link", release) as directory:
            directory.linked = True

    async def build(self, host: str, release: Release, step: BuildStep) -> None:
        async with self._at_work(host, f"build {step.name}", release) as directory:
            await asyncio.sleep(2)
            if step.command in {"false", f"fails on {host}"}:
                raise BuildFailed(host, "exit 1", tail=("no such style",), log=f"/log/{step.name}")
            directory.built.append(step.name)

    async def revision(self, host: str, release: Release) -> str:
        async with self._on(host, "revision", release) as directory:
            return directory.revision

    async def switch(self, host: str, release: Release) -> None:
        async with self._on(host, "switch", release) as directory:
            if (host, release.name) in self.world.restored:
                raise ReleaseError(host, "was undone meanwhile")
            self.world.judge_switch(self.world.hosts[host], directory)
            self.world.hosts[host].current = release.name

    async def restore(self, host: str, release: Release) -> None:
        machine = self.world.hosts[host]
        async with self.world.faults.befall(f"{host} restore", _from(host)):
            if release.name in machine.notes:
                self.world.restored.add((host, release.name))
                machine.current = machine.notes[release.name][1]
            elif machine.current == release.name:
                raise ReleaseError(host, "has no note of what it was")

    async def discard(self, host: str, release: Release) -> None:
        machine = self.world.hosts[host]
        async with self.world.faults.befall(f"{host} discard", _from(host)):
            if machine.current == release.name and machine.notes.get(release.name, (True,))[0]:
                raise ReleaseError(host, f"{release.name} is live")
            if release.name in running(machine) and machine.notes.get(release.name, (False,))[0]:
                raise ReleaseError(host, f"a process runs in {release.name}")
            if machine.notes.pop(release.name, (False, ""))[0]:
                self.world.judge_removal(machine, release.name)
                machine.disk.pop(release.name, None)

    async def settle(self, host: str, release: str, mark: ReleaseStatus) -> None:
        machine = self.world.hosts[host]
        async with self.world.faults.befall(f"{host} settle", _from(host)):
            machine.disk[release].mark = mark
            machine.notes.pop(release, None)

    async def prune(self, host: str, names: Sequence[str]) -> tuple[str, ...]:
        machine = self.world.hosts[host]
        async with self.world.faults.befall(f"{host} prune", _from(host)):
            gone = [n for n in names if n != machine.current and n not in running(machine)]
            for name in gone:
                self.world.judge_removal(machine, name)
                machine.disk.pop(name, None)
        return tuple(gone)

    def _undo(self, machine: Host, name: str) -> None:
        fresh, before = machine.notes.pop(name)
        if machine.current == name:
            machine.current = before
        if fresh:
            self.world.judge_removal(machine, name)
            machine.disk.pop(name, None)

    def _on(self, host: str, what: str, release: Release) -> "_Working":
        return _Working(self.world, host, what, release)

    def _at_work(self, host: str, what: str, release: Release) -> "_Working":
        self.world.judge_work(self.world.hosts[host])
        return self._on(host, what, release)


class _Working:
    """An act on a release: a fault may befall it, and it must still be wanted."""

    def __init__(self, world: World, host: str, what: str, release: Release) -> None:
        self._world, self._host, self._release = world, host, release
        self._fault = world.faults.befall(f"{host} {what}", _from(host))

    async def __aenter__(self) -> Directory:
        await self._fault.__aenter__()
        machine = self._world.hosts[self._host]
        if self._release.name not in machine.notes:
            raise ReleaseError(self._host, "was undone meanwhile")
        return machine.disk[self._release.name]

    async def __aexit__(self, *error: object) -> bool | None:
        return await self._fault.__aexit__(*error)  # type: ignore[arg-type]


class FakeSource:
    """Satisfies :class:`rollout.ports.releases.Source`."""

    prepares = True
    warnings: tuple[str, ...] = ()

    def __init__(self, world: World) -> None:
        self.world = world

    async def examine(self, host: str) -> tuple[Finding, ...]:
        del host
        return ()

    async def resolve(self, hosts: Sequence[str]) -> str:
        del hosts
        return REVISION

    async def preview(self, hosts: Sequence[str], live: str) -> tuple[str, Commits]:
        del live
        return await self.resolve(hosts), Commits(unknown="it is only played")

    async def commits(self, host: str, live: str, revision: str) -> Commits:
        del host, live, revision
        return Commits(unknown="it is only played")

    async def prepare(self, release: Release) -> None:
        del release
        async with self.world.faults.befall("here prepare", _from("bastion")):
            pass

    async def deliver(self, host: str, release: Release, before: str) -> None:
        del before
        machine = self.world.hosts[host]
        async with self.world.faults.befall(f"{host} deliver", _from(host)):
            self.world.judge_work(machine)
            if release.name not in machine.notes:
                raise ReleaseError(host, "was undone meanwhile")
            await asyncio.sleep(1)
            if release.name in machine.disk:
                revision = self.world.deliveries.get(host, release.revision)
                machine.disk[release.name].revision = revision
                machine.disk[release.name].whole = True


class FakeHooks:
    """The :class:`rollout.ports.site.Hooks`: answers as it was told, and remembers the facts."""

    def __init__(self, **answers: CheckResult) -> None:
        self.answers = answers
        self.ran: dict[str, Mapping[str, str]] = {}

    async def run(self, hook: str, facts: Mapping[str, str]) -> CheckResult | None:
        self.ran[hook] = facts
        return self.answers.get(hook)


def _from(host: str) -> Callable[[str], RolloutError]:
    return lambda words: ReleaseError(host, words)


def running(machine: Host) -> frozenset[str]:
    lives = [app.life(clock()) for app in machine.apps]
    return frozenset(life.release for life in lives if life)


def shelf_of(machine: Host) -> HostReleases:
    return HostReleases(
        host=machine.name,
        link=f"/srv/releases/{machine.current}",
        current=machine.current if machine.current in machine.disk else "",
        releases=tuple(
            ReleaseOnHost(name, one.revision, ReleaseStatus(one.mark), name in machine.notes)
            for name, one in sorted(machine.disk.items())
        ),
        running=running(machine),
    )
