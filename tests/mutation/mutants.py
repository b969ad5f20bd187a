"""The safety lines, each with what stands in its place once it is taken out.

A mutant names what visitors or operators would lose without the line.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Mutant:
    """One line less.

    Attributes:
        loses: What the line is for.
        file: Where it stands, below ``rollout/``.
        line: The text that is taken out; it stands there once.
        instead: What is put in its place, so that it is still Python.
    """

    loses: str
    file: str
    line: str
    instead: str = ""


MUTANTS = (
    Mutant(
        "what is held is on the disk before the act",
        "adapters/record.py",
        "                    await self._journal.held(holding)\n",
        "                    pass\n",
    ),
    Mutant(
        "who lost the lock touches nothing more",
        "adapters/record.py",
        "                    await self._lock.keep(tuple(then.values()), everywhere=everywhere)\n",
        "                    pass\n",
    ),
    Mutant(
        "an act without news asks the lock as well",
        "adapters/record.py",
        "            await self.still_ours()\n",
        "            pass\n",
    ),
    Mutant(
        "with a full disk nobody more is taken out",
        "adapters/record.py",
        "            self._journal.has_room()\n",
        "            pass\n",
    ),
    Mutant(
        "a full disk keeps nobody out",
        "adapters/record.py",
        "                if needed:\n",
        "                if True:\n",
    ),
    Mutant(
        "a target that the lock did not take does not stand in the journal",
        "adapters/record.py",
        "                    await self._take_back(holding)\n",
    ),
    Mutant(
        "who serves again is given up in the record",
        "ladder.py",
        "    await site.record.released(target.name, restarted=True)\n",
    ),
    Mutant(
        "every order is written down before it is given",
        "grip.py",
        "                await self._write_down({seat: self._wanted[seat] for seat in seats})\n",
    ),
    Mutant(
        "what somebody changed while we held it is theirs in the record",
        "grip.py",
        "        told |= dict.fromkeys(self.lost, ())\n",
    ),
    Mutant(
        "an order that never got through is given again",
        "grip.py",
        "(reloaded or self._unheard(states[seat]))",
        "reloaded",
    ),
    Mutant(
        "what somebody took while a look hung is not given back by us",
        "grip.py",
        "            await self._see(name)\n",
    ),
    Mutant(
        "a change by somebody else stops us",
        "grip.py",
        "            raise taken[0]\n",
        "            pass\n",
    ),
    Mutant(
        "a request to restart is written down before it is made",
        "restarting.py",
        "    await site.record.asked(target.name, {name: before.get(name) for name in names}, release)\n",  # noqa: E501 - as it stands
    ),
    Mutant(
        "from the request on only proof brings it back",
        "restarting.py",
        "    way_back.needs_proof()  # before the call: its reply can be lost after it got through\n",  # noqa: E501 - as it stands
    ),
    Mutant(
        "the old process is told from a new one",
        "verdicts.py",
        "    if now.birth == before.get(now.name):\n",
        "    if False:\n",
    ),
    Mutant(
        "the floor is asked before one more goes",
        "window.py",
        "            if not verdict.settled:\n                return verdict, self._plan",
        "            if False:\n                return verdict, self._plan",
    ),
    Mutant(
        "what was left out is not called ours once somebody changed it",
        "holdings.py",
        "        return next((state for state in could_be if shows(now, state)), None)\n",
        "        return next((state for state in AdminState if shows(now, state)), None)\n",
    ),
    Mutant(
        "how it was left is written down in the end",
        "grip.py",
        "        if state is not AdminState.READY or not chosen:\n",
        "        if not chosen:\n",
    ),
    Mutant(
        "one without proof is kept in maint",
        "safe_ends.py",
        "        await grip.order(AdminState.MAINT)\n",
        "        pass\n",
    ),
    Mutant(
        "nobody new arrives while a recovered one is unproven",
        "recovery.py",
        "            await grip.order(AdminState.MAINT)\n",
        "            pass\n",
    ),
    Mutant(
        "HAProxy has checked a recovered one before it is ready",
        "recovery.py",
        "        await until_checked(grip, plan, tell)\n",
    ),
    Mutant(
        "a recovered one is still who was proven when it is made ready",
        "recovery.py",
        "AdminState.READY)\n        await same_processes(proof, grip, plan)\n",
        "AdminState.READY)\n",
    ),
    Mutant(
        "a restart that never arrived is waited for long enough",
        "recovery.py",
        "    plan = patient(plan)\n",
    ),
    Mutant(
        "no host comes back with two releases, by half a restart",
        "late_proof.py",
        "            raise  # one host would serve two releases\n",
        "            pass\n",
    ),
    Mutant(
        "no host comes back with two releases, by half a batch",
        "late_proof.py",
        "    if release is not None and not whole:\n",
        "    if False:\n",
    ),
    Mutant(
        "no host comes back on a release that `current` has left",
        "late_proof.py",
        "    if current != holding.release:\n",
        "    if False:\n",
    ),
    Mutant(
        "`current` goes back with a host that was never asked",
        "recovery.py",
        "            await relink(holding, site, tell)\n        await give_back",
        "            pass\n        await give_back",
    ),
    Mutant(
        "one that is back is not ours any more",
        "recovery.py",
        "    await site.record.released(target.name, restarted=False)\n    tell(TargetRecovered",
        "    tell(TargetRecovered",
    ),
    Mutant(
        "what is theirs is not taken up",
        "grip.py",
        "            if state is None:\n                self.lost[seat] = told(row)\n",
        "            if state is None:\n                self._wanted[seat] = told(row)\n",
    ),
    Mutant(
        "a lock of the living is not taken",
        "claiming.py",
        "left.held is not None and left.certain:",
        "left.held is not None:",
    ),
    Mutant(
        "what a dead run left out is in everybody's way",
        "claiming.py",
        "    if ours or blind or (left.past is not None and left.past.unfinished):\n",
        "    if False:\n",
    ),
    Mutant(
        "a refused run gives the lock back",
        "claiming.py",
        "        await lock_of(site).release()\n        raise\n",
        "        raise\n",
    ),
)
