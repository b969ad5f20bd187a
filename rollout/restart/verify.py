"""From "asked to restart" to "proven": new processes that answer, watched in one loop.

Each round looks at the processes once, asks the port of every instance that is new, and looks at
the processes once more before it believes an answer: a process that answered and is another one now
is a crash loop.
"""

import asyncio
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from rollout.events import InstanceRestarted, InstanceVerified, Noted
from rollout.model.conditions import (
    answered_by_another,
    is_new_process,
    restarted_too,
    started_too,
    summarize,
    unchanged_processes,
)
from rollout.model.errors import CrashLoop, NotRestarted, RolloutError, WrongRelease
from rollout.model.fleet import Condition, Instance, InstanceState, ProcessIdentity
from rollout.model.ownership import OwnedTarget
from rollout.model.releases import Release
from rollout.ports.context import RunContext
from rollout.restart.control import TargetControl
from rollout.wait import now


class RestartVerifier:
    """What is known so far about the instances of one target that were asked to restart.

    With ``anew`` false it is of processes that may be those from before.

    Attributes:
        proven: Instances that run as a new process and answered; with the process they were.
    """

    def __init__(
        self,
        control: TargetControl,
        before: Mapping[str, ProcessIdentity | None],
        *,
        release: Release | None = None,
        anew: bool = True,
    ) -> None:
        self.proven: dict[Instance, ProcessIdentity] = {}
        self._target = control.target
        self._asked: list[Instance] = []
        self._before = before
        self._site = control.site
        self._profile = control.site.supervisor.profile
        self._tell = control.tell
        self._times = control.plan.probe_times
        self._release = release
        self._anew = anew
        self._since = now()
        self._old_since: float | None = None
        self._seen: dict[str, ProcessIdentity] = {}
        self._births: Counter[str] = Counter()
        self._states: dict[str, InstanceState] = {}
        self._looked_at = float("-inf")
        self._answered_by_another: dict[Instance, str] = {}

    @property
    def names(self) -> frozenset[str]:
        """The instances of which a new process is due."""
        return frozenset(one.name for one in self._asked)

    def restarted_too(self, before: Mapping[str, InstanceState]) -> tuple[str, ...]:
        """Name the instances of the host that got a new process without being asked to."""
        return restarted_too(before, self._states.values())

    def started_too(self, before: Mapping[str, InstanceState]) -> tuple[str, ...]:
        """Name the instances of the host that have a new process, or will, without being asked."""
        return started_too(before, self._states.values())

    def expect(self, asked: Sequence[Instance]) -> None:
        """``asked`` have just been asked to restart: from now on a new process is due."""
        self._asked += asked
        self._since = now()

    async def poll(self) -> Condition:
        """Go one round.

        Raises:
            NotRestarted: the supervisor is done and a process is the one from before.
            CrashLoop: a proven instance is a different process now.
            WrongRelease: one answers from another directory than the release it should run in.
        """
        fresh = not self._only_ports_are_awaited()
        states = await self._look() if fresh else self._states
        if fresh:
            self._check_not_restarted(states.values())
        waiting, answering = [], []
        for instance in self._asked:
            state = states.get(instance.name)
            if instance in self.proven:
                continue
            if state is None:
                waiting.append(f"{instance.name} is not in {self._profile.name}'s list")
                continue
            condition = is_new_process(self._before, state)
            if not condition.met or state.process is None:
                waiting.append(condition.reason + self._crashes(instance))
                continue
            self._note_new_process(instance, state.process)
            if state.port_test_failed and self._site.prober is None:
                name = self._profile.name
                waiting.append(
                    f'{instance.name} is new, and {name} calls it "{state.detail}"'
                    f"{self._starts(instance)}"
                )
                continue  # its supervisor's own test of the port is all the evidence there is
            if not fresh and instance in self._answered_by_another:
                waiting.append(self._answered_by_another[instance])
                continue  # until the next look at the processes
            answering.append(instance)
        waiting += await self._ask(answering, states, fresh=fresh)
        return Condition(met=len(self.proven) == len(self._asked), reason=summarize(waiting))

    async def verify_unchanged(self) -> None:
        """See that every proven instance is the process that was proven.

        Raises:
            CrashLoop: one is not.
        """
        await self._look()

    async def _look(self) -> dict[str, InstanceState]:
        states = {s.name: s for s in await self._site.supervisor.look(self._target.host)}
        changed = [
            instance.name
            for instance, process in self.proven.items()
            if instance.name not in states or states[instance.name].process != process
        ]
        if changed:
            raise CrashLoop(changed)
        self._states, self._looked_at = states, now()
        return states

    def _only_ports_are_awaited(self) -> bool:
        """Every process is new, and was looked at a moment ago: what is missing is an answer."""
        booting = (self._states.get(one.name) for one in self._asked if one not in self.proven)
        known = all(s is not None and is_new_process(self._before, s).met for s in booting)
        return known and now() < self._looked_at + self._profile.look_interval

    def _check_not_restarted(self, states: Iterable[InstanceState]) -> None:
        asked = {one.name: self._before.get(one.name) for one in self._asked}
        old = unchanged_processes(asked, states)
        if not old:
            self._old_since = None
            return
        self._old_since = now() if self._old_since is None else self._old_since
        if now() - self._old_since >= self._profile.stop_allowance:
            at_once = self._old_since - self._since < self._profile.stop_timeout
            after = now() - self._since
            raise NotRestarted(old, self._profile, after=after, at_once=at_once)

    def _note_new_process(self, instance: Instance, process: ProcessIdentity) -> None:
        if self._seen.get(instance.name) != process:
            self._seen[instance.name] = process
            self._births[instance.name] += 1
            if self._anew:
                told = InstanceRestarted(
                    target=self._target.name, instance=instance.name, pid=process.pid
                )
                self._tell(told)

    def _crashes(self, instance: Instance) -> str:
        count = self._births[instance.name]
        return f" (crash loop: {count} starts, none stayed)" if count > 1 else ""

    def _starts(self, instance: Instance) -> str:
        """Say of a process that lives, and does not answer yet, how many died before it."""
        count = self._births[instance.name]
        return f" (crash loop: start {count}, those before it died)" if count > 1 else ""

    async def _ask(
        self,
        instances: Sequence[Instance],
        states: Mapping[str, InstanceState],
        *,
        fresh: bool,
    ) -> list[str]:
        """Probe ``instances`` at once; believe those that are the same process afterwards."""
        if not instances:
            return []
        said = await asyncio.gather(*(self._answers(instance) for instance in instances))
        good = [one for one, words in zip(instances, said, strict=True) if not words]
        waiting = [words for words in said if words]
        if good:
            waiting += await self._accept(good, states, fresh=fresh)
        return waiting

    async def _accept(
        self,
        good: Sequence[Instance],
        states: Mapping[str, InstanceState],
        *,
        fresh: bool,
    ) -> list[str]:
        """Take ``good`` for proven if they are still who answered, and run in the new release.

        Returns:
            Of which it is not known yet that the new process answered, and not the old one.
        """
        release_by_pid = await self._release_dirs(good, states)
        after = await self._look()
        waiting = []
        for instance in good:
            process = states[instance.name].process
            if process is None or instance.name not in after:
                continue
            if after[instance.name].process != process:
                if fresh:
                    raise CrashLoop([instance.name])
                continue  # it may have died before it ever answered: the next round tells
            if self._release and release_by_pid.get(process.pid, "") != self._release.name:
                found = {instance.name: release_by_pid.get(process.pid, "")}
                raise WrongRelease(found, self._release.name)
            if words := answered_by_another(after[instance.name], self._release, release_by_pid):
                self._answered_by_another[instance] = words
                waiting.append(words)
                continue
            self._prove(instance, after[instance.name], process)
        return waiting

    def _prove(self, instance: Instance, state: InstanceState, process: ProcessIdentity) -> None:
        self.proven[instance] = process
        for left in state.survivors:
            what = f"{left}, a process of {instance.name} from before the restart, has not ended"
            self._tell(Noted(where=self._target.host, what=what))
        answered = self._site.prober is not None
        self._tell(
            InstanceVerified(target=self._target.name, instance=instance.name, answered=answered)
        )

    async def _release_dirs(
        self, instances: Sequence[Instance], states: Mapping[str, InstanceState]
    ) -> Mapping[int, str]:
        """See in which release each of them works, before it is seen to be still the same."""
        if self._release is None or self._site.releases is None:
            return {}
        processes = (states[one.name].process for one in instances)
        survivors = (left.pid for one in instances for left in states[one.name].survivors)
        pids = (*(process.pid for process in processes if process is not None), *survivors)
        return await self._site.releases.whereabouts(self._target.host, pids)

    async def _answers(self, instance: Instance) -> str:
        """Ask until it answered often enough in a row; say what is wrong, or nothing."""
        prober = self._site.prober
        if prober is None:
            return ""
        for _ in range(self._times):
            answer = await prober.answers(self._target.host, instance)
            if not answer.ok:
                return f"{instance.name}: {answer.message}{self._starts(instance)}"
        return ""


async def find_already_new(
    context: RunContext, owned_target: OwnedTarget, processes: Mapping[str, ProcessIdentity | None]
) -> tuple[str, ...]:
    """Name the instances that have come up as what they are to be, and are not asked again.

    Each has another process than when it was asked to restart, and answers: that is a proof as good
    as a restart of ours, which would cost it one more.  Without a release a plan that goes on has
    such instances; any other restart is wanted for its own sake.
    """
    target, site = owned_target.target, context.site
    release = context.plan.release_by_host.get(target.host)
    if site.prober is None or (release is None and not context.plan.goes_on):
        return ()
    new = {
        process.pid: one
        for one in target.instances
        if (process := processes.get(one.name)) is not None
        and one.name in owned_target.asked
        and process != owned_target.asked[one.name]
    }
    try:
        there = await _in_release(context, target.host, new, release)
        answers = await asyncio.gather(*(site.prober.answers(target.host, one) for one in there))
    except RolloutError:
        return ()  # a restart of ours will tell
    return tuple(one.name for one, said in zip(there, answers, strict=True) if said.ok)


async def _in_release(
    context: RunContext, host: str, by_pid: Mapping[int, Instance], release: Release | None
) -> list[Instance]:
    """Leave of the instances those that run in ``release``; all where none is wanted."""
    releases = context.site.releases
    if release is None:
        return list(by_pid.values())
    if releases is None or not by_pid:
        return []
    where = await releases.whereabouts(host, tuple(by_pid))
    return [one for pid, one in by_pid.items() if where.get(pid) == release.name]
