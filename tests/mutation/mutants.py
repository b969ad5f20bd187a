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
        instead: What is put in its place, so that it is still Python or shell.
        noticed_by: The tests that must go red, where not the stories: they may need real logins.
    """

    loses: str
    file: str
    line: str
    instead: str = ""
    noticed_by: tuple[str, ...] = ()


STRANGERS = ("tests/integration/lock",)
LOCK = ("tests/unit/adapters/lock",)
WORDS = ("tests/scenarios/test_previous_runs.py",)
PATHS = ("tests/unit/test_trusted_paths.py", "tests/integration/trust")
TAKING = ("tests/scenarios/test_one_target.py",)
EVIDENCE = ("tests/scenarios/test_evidence.py",)
MONIT = ("tests/unit/adapters/monit",)
LINES = ("tests/scenarios/test_server_changes.py",)
SSH = ("tests/integration/ssh/test_policy.py",)
UNLOCKED = ("tests/scenarios/test_lost_lock.py",)
RUNNER = ("tests/unit/cli/test_runner.py",)
SESSION = ("tests/scenarios/test_session.py",)
ACQUIRE = ("tests/scenarios/test_acquire.py",)
BY_HAND = ("tests/scenarios/test_lock_by_hand.py",)
PRUNE = ("tests/scenarios/test_prune.py",)
WHOLE = ("tests/scenarios/test_whole_recoveries.py",)
IMPACT = ("tests/scenarios/test_impact.py",)
COUNTERS = ("tests/unit/model/test_impact.py",)
COMMANDS = ("tests/scenarios/test_operator_commands.py",)
CHECKOUTS = ("tests/integration/sources/test_checkouts.py",)
ANNOTATED = ("tests/unit/settings/test_annotated.py", "tests/unit/discovery")
STEERING = ("tests/scenarios/test_steering.py",)
CONTROL = ("tests/unit/adapters/lock/test_control.py",)
TERMINAL = ("tests/unit/adapters/local/test_terminal_answer.py",)


MUTANTS = (
    Mutant(
        "what a machine says stays a comment in the file of `rollout init`",
        "text/annotate.py",
        "textwrap.wrap(sanitize(comment), WIDTH,",
        "textwrap.wrap(comment, WIDTH,",
        ANNOTATED,
    ),
    Mutant(
        "a found value is one value, whatever stands in it",
        "text/toml_values.py",
        "json.dumps(value, ensure_ascii=False)",
        """(f'"{value}"' if isinstance(value, str) else json.dumps(value))""",
        ANNOTATED,
    ),
    Mutant(
        "a host whose name is only like that of a server is not taken for it",
        "discovery/host_mapping.py",
        "    certain = [one for one in of_server if _is_certain(one, row)]\n",
        "    certain = of_server\n",
        ANNOTATED,
    ),
    Mutant(
        "a machine with two names is one host, and is not restarted twice",
        "discovery/host_mapping.py",
        "    return HostMapping(_one_name_each(mapped), tuple(unmapped))\n",
        "    return HostMapping(tuple(mapped), tuple(unmapped))\n",
        ANNOTATED,
    ),
    Mutant(
        "what is held is on the disk before the act",
        "lock/ownership_log.py",
        "                    await self._journal.held(owned_target)\n",
        "                    pass\n",
    ),
    Mutant(
        "who lost the lock touches nothing more",
        "lock/ownership_log.py",
        "                    await self._lock.keep(tuple(then.values()), everywhere=everywhere)\n",
        "                    pass\n",
    ),
    Mutant(
        "an act without news asks the lock as well",
        "lock/ownership_log.py",
        "            await self.still_ours()\n",
        "            pass\n",
    ),
    Mutant(
        "with a full disk nobody more is taken out",
        "lock/ownership_log.py",
        "            self._journal.has_room()\n",
        "            pass\n",
    ),
    Mutant(
        "a full disk keeps nobody out",
        "lock/ownership_log.py",
        "                if needed:\n",
        "                if True:\n",
    ),
    Mutant(
        "a target that the lock did not take does not stand in the journal",
        "lock/ownership_log.py",
        "                    await self._take_back(owned_target)\n",
    ),
    Mutant(
        "who serves again is given up in the record",
        "restart/one_target.py",
        "    await control.site.record.released(target.name, restarted=True)\n",
    ),
    Mutant(
        "every order is written down before it is given",
        "restart/control.py",
        "                await self._record(wanted)\n",
    ),
    Mutant(
        "what somebody changed while we held it is theirs in the record",
        "restart/control.py",
        "        told |= dict.fromkeys(self.lost, ())\n",
    ),
    Mutant(
        "an order that never got through is given again",
        "restart/control.py",
        "if reloaded or one.missed_order(states[s])]",
        "if reloaded]",
    ),
    Mutant(
        "what somebody took while a look hung is not given back by us",
        "restart/control.py",
        "            await self._detect_external_changes(name)\n",
    ),
    Mutant(
        "a change by somebody else stops us",
        "restart/control.py",
        "            raise taken[0]\n",
        "            pass\n",
    ),
    Mutant(
        "a request to restart is written down before it is made",
        "restart/restart.py",
        "    await control.site.record.asked(\n"
        "        control.target.name, {name: before.get(name) for name in names}, release\n"
        "    )\n",
    ),
    Mutant(
        "from the request on only proof brings it back",
        "restart/restart.py",
        "    control.permission.needs_proof()  # before the call: its reply can be lost after it got through\n",  # noqa: E501 - as it stands
    ),
    Mutant(
        "what monit does not watch is not taken for running",
        "adapters/monit/translate_states.py",
        "    if not block.monitored:\n        return ProcessState.UNMONITORED\n",
        "",
        MONIT,
    ),
    Mutant(
        "what is still pending is not taken for running",
        "model/fleet.py",
        "        return known and not self.pending and self.process is not None\n",
        "        return known and self.process is not None\n",
        MONIT,
    ),
    Mutant(
        "a warning of sudo before monit's silence is no refusal",
        "adapters/monit/diagnosis.py",
        "            return Diagnosis(said, fix(who), untouched=not silent, of_one=of_one)\n",
        "            return Diagnosis(said, fix(who), of_one=of_one)\n",
        MONIT,
    ),
    Mutant(
        "what nobody knows may have been asked",
        "adapters/monit/diagnosis.py",
        '{who.command} status", untouched=False',
        '{who.command} status"',
        MONIT,
    ),
    Mutant(
        "only a line that sudo ends with is its refusal",
        "adapters/monit/diagnosis.py",
        '    r"^sudo: (a password is required|',
        '    r"^sudo: |^sudo: (a password is required|',
        MONIT,
    ),
    Mutant(
        "an old process on the port is no proof",
        "model/conditions.py",
        "        if left.listens:\n",
        "        if False:\n",
        EVIDENCE,
    ),
    Mutant(
        "a sibling that we have asked to restart ourselves stops no run",
        "model/conditions.py",
        "        and not then.outgoing\n",
        "",
        EVIDENCE,
    ),
    Mutant(
        "a process that may answer is waited for",
        "model/conditions.py",
        "        if left.listens is None:\n",
        "        if False:\n",
        ("tests/unit/model/test_answered_by_another.py",),
    ),
    Mutant(
        "a socket that another process keeps is no proof",
        "model/conditions.py",
        "    if now.port_lost:\n",
        "    if False:\n",
        ("tests/unit/model/test_answered_by_another.py",),
    ),
    Mutant(
        "a pid that was used again is no survivor",
        "adapters/monit/process_trees.py",
        "            if seen.started.get(pid) == started and pid not in now.started\n",
        "            if pid in seen.started and pid not in now.started\n",
        MONIT,
    ),
    Mutant(
        "a run after a crash knows the processes from before",
        "recovery/verify_after_crash.py",
        "    control.site.supervisor.remember(target.host, owned_target.asked)\n",
        noticed_by=EVIDENCE,
    ),
    Mutant(
        "what monit restarted with another instance is not restarted again",
        "restart/one_target.py",
        "        left = [one for one in batch if one.name not in proof.names]\n",
        "        left = list(batch)\n",
        EVIDENCE,
    ),
    Mutant(
        "what monit restarted with another instance is in the record",
        "restart/one_target.py",
        "            await control.site.record.asked(target.name, processes, release)",
        "            pass",
        EVIDENCE,
    ),
    Mutant(
        "instances that are restarted together stop the run",
        "restart/window.py",
        "        if together or len(self.failed)",
        "        if len(self.failed)",
        EVIDENCE,
    ),
    Mutant(
        "the floor is counted again after a wait for monit",
        "restart/baseline.py",
        "        raise FloorBroken(what)\n",
        noticed_by=EVIDENCE,
    ),
    Mutant(
        "a process that monit has asked to end does not go back",
        "restart/one_target.py",
        "        if fit and not release and never.at_once and set",
        "        if fit and not release and set",
        EVIDENCE,
    ),
    Mutant(
        "a run that lost its lock knows so at its end",
        "restart/cleanup.py",
        "        return lost if isinstance(failure, RolloutError) else None\n",
        "        return NotGivenBack(str(lost))\n",
        TAKING,
    ),
    Mutant(
        "a server that an operator took while monit was busy is skipped",
        "restart/baseline.py",
        "        raise SupervisorBusy(target.host, late.last, profile, timeout) from late\n",
        "        raise\n",
        TAKING,
    ),
    Mutant(
        "what could not be given back is not restarted in a turn of its own",
        "restart/cleanup.py",
        "            if lost := await give_back(control, failure):\n"
        "                raise lost from failure\n",
        "            await give_back(control, failure)\n",
        TAKING,
    ),
    Mutant(
        "a server that an operator took while monit was away is skipped",
        "restart/baseline.py",
        "            if held := await control.read_initial_state():\n                return held\n",
        "            pass\n",
        TAKING,
    ),
    Mutant(
        "one lost look before the restart stops no run",
        "restart/baseline.py",
        "            if not fit or now() - silent_since < ANSWERS_WITHIN:\n                raise\n",
        "",
        TAKING,
    ),
    Mutant(
        "what monit restarted with an earlier batch is told from its old processes",
        "restart/one_target.py",
        "            control.site.supervisor.remember(target.host, processes)\n",
        "",
        TAKING,
    ),
    Mutant(
        "what serves by another hand is not taken again",
        "restart/one_target.py",
        "if owned_target.is_unproven(control.observer.find(server))",
        "",
        TAKING,
    ),
    Mutant(
        "the old process is told from a new one",
        "model/conditions.py",
        "    if now.process == before.get(now.name):\n",
        "    if False:\n",
    ),
    Mutant(
        "the floor is asked before one more goes",
        "restart/window.py",
        "        if not condition.met:\n            return condition, self._plan",
        "        if False:\n            return condition, self._plan",
    ),
    Mutant(
        "what was left out is not called ours once somebody changed it",
        "model/ownership.py",
        "in could_be if has_admin_state(now, state)), None)\n",
        "in AdminState if has_admin_state(now, state)), None)\n",
    ),
    Mutant(
        "how it was left is written down in the end",
        "restart/control.py",
        "        if state is not AdminState.READY or not chosen:\n",
        "        if not chosen:\n",
    ),
    Mutant(
        "one without proof is kept in maint",
        "restart/cleanup.py",
        "        await control.set_state(AdminState.MAINT)\n",
        "        pass\n",
    ),
    Mutant(
        "nobody new arrives while a recovered one is unproven",
        "recovery/recover.py",
        "            await control.set_state(AdminState.MAINT)\n",
        "            pass\n",
    ),
    Mutant(
        "HAProxy has checked a recovered one before it is ready",
        "recovery/recover.py",
        "        await wait_until_checked(control)\n",
    ),
    Mutant(
        "a recovered one is still who was proven when it is made ready",
        "recovery/recover.py",
        "AdminState.READY)\n        await return_when_verified(control, proven.proof)\n",
        "AdminState.READY)\n",
    ),
    Mutant(
        "no order makes a server ready on what was seen too long ago",
        "restart/lb_commands.py",
        "now() > self.at + OLDEST:\n",
        "False:\n",
    ),
    Mutant(
        "no server is taken out on a count of the floor from before a call that hung",
        "restart/one_target.py",
        "        control.spared.look = partial(check_floor_still_holds, control)\n",
    ),
    Mutant(
        "a canary that did not come back opens nothing",
        "restart/rolling.py",
        "                    window.see_whole(wave)\n",
    ),
    Mutant(
        "a canary that another hand has taken opens nothing",
        "restart/soak.py",
        "                raise Halted(\n"
        '                    f"no further server is risked: {target} was to carry traffic first,'
        ' and {what}"\n'
        "                )\n",
        "                continue\n",
    ),
    Mutant(
        "a server that fell over after its turn counts as out",
        "summary/target.py",
        "        case TargetPhase.DONE if down:\n",
        "        case TargetPhase.DONE if False:\n",
    ),
    Mutant(
        "all serving is said only where every server was seen to serve",
        "output/report/counts.py",
        "    if summary.unseen or {*summary.lines} - {*skipped} - summary.serving:\n",
        "    if False:\n",
        ("tests/output",),
    ),
    Mutant(
        "a command that is printed acts on the settings that were typed",
        "output/dispatcher.py",
        "        event = with_options(event, self._hints.rollout)\n",
        "",
        ("tests/output",),
    ),
    Mutant(
        "the summary knows of what another hand has taken meanwhile",
        "summary/target.py",
        "            return replace(line, now=now or line.now)\n",
        "            return line\n",
    ),
    Mutant(
        "no release is removed beside a run",
        "lock/session.py",
        "        if seen:\n            raise\n        await lock.take(owner)  # it was",
        "        # it was",
    ),
    Mutant(
        "a restart that never arrived is waited for long enough",
        "recovery/recover.py",
        "    context = replace(context, plan=with_min_timeouts(context.plan, "
        "site.supervisor.profile))\n",
    ),
    Mutant(
        "a server that another hand made ready stays theirs in the record",
        "adapters/journal/serialization.py",
        "            server: row.told for server, row in rows.items() if row.told is not None\n",
        "            server: row.told for server, row in rows.items() if row.told\n",
    ),
    Mutant(
        "no host comes back with two releases, by half a restart",
        "recovery/verify_after_crash.py",
        "            raise  # one host would serve two releases\n",
        "            pass\n",
    ),
    Mutant(
        "no host comes back with two releases, by half a batch",
        "recovery/verify_after_crash.py",
        "    if owned_target.release and not went_back and not whole:\n",
        "    if False:\n",
    ),
    Mutant(
        "a restart does not start what a deploy left behind and nothing has proven",
        "deploy/current_links.py",
        "        if self.current not in self.unfinished or self.all_run(self.current):\n",
        "        if True:\n",
    ),
    Mutant(
        "a release on which a server has fallen over is not marked good",
        "restart/rolling.py",
        "        return not self.halted and not self.failed and not self.down\n",
        "        return not self.halted and not self.failed\n",
    ),
    Mutant(
        "a resumed deploy looks at what was restarted before it as well",
        "restart/rolling.py",
        "    all_of_it = (*done, *context.plan.targets)\n",
        "    all_of_it = context.plan.targets\n",
    ),
    Mutant(
        "a release is not judged by what happened before any restart onto it",
        "deploy/rollback.py",
        "isinstance(why, AGAINST_THE_RELEASE) and was_asked(target, rolled, site)\n",
        "isinstance(why, AGAINST_THE_RELEASE)\n",
    ),
    Mutant(
        "what came up nowhere is taken back at once where it never ran",
        "deploy/deploy.py",
        "    await take_back_where_it_was_not_asked(context, rolled)\n",
    ),
    Mutant(
        "what serves on a host is not taken back from the others",
        "deploy/deploy.py",
        "    if set(rolled.restarted) - set(failed_because_of_release(rolled, site)):\n"
        "        return\n",
    ),
    Mutant(
        "a recovery leaves a release alone that serves on a host",
        "deploy/current_links.py",
        "    if any(one.all_run(release) for one in seen if one.host not in held):\n"
        "        return True\n",
    ),
    Mutant(
        "a recovery leaves a release alone that may serve on a host that is away",
        "deploy/current_links.py",
        "    if doubt:\n",
        "    if False:\n",
    ),
    Mutant(
        "what the journal calls done is a proof though the host is away",
        "deploy/current_links.py",
        "    return past.deploy.release == release and bool(done - others)\n",
        "    return False\n",
    ),
    Mutant(
        "what was being made ready on a host that is away may serve there",
        "deploy/current_links.py",
        "any(one.asked for one in site.record.owned_targets if one.target.host == host)\n",
        "False\n",
    ),
    Mutant(
        "a run that could not ask for the lock is given a world that can only be looked at",
        "lock/session.py",
        "    return guarded(site, UnlockedOwnershipLog(why))\n",
        "    return site\n",
        noticed_by=UNLOCKED,
    ),
    Mutant(
        "what a run looks at without the lock cannot be changed by its look",
        "cli/runner.py",
        "await look(look_only(site, error))",
        "await look(site)",
        noticed_by=RUNNER,
    ),
    Mutant(
        "a run that could not ask for the lock is refused though all else is well",
        "cli/runner.py",
        "with_others(await look(look_only(site, error)), (finding,))",
        "await look(look_only(site, error))",
        noticed_by=RUNNER,
    ),
    Mutant(
        "without the lock no run begins",
        "lock/session.py",
        "        raise LockUnavailable(error.place, error.what, error.fix) from error\n",
        "        grant = LockGrant()\n",
        noticed_by=UNLOCKED,
    ),
    Mutant(
        "what another run has recovered since is not recovered again",
        "lock/session.py",
        "    recovered = settled_by not in {run.owner.run, left.claimed_by}\n",
        "    recovered = False\n",
        noticed_by=SESSION,
    ),
    Mutant(
        "a lock that was given back since the look is no longer that of the unfinished run",
        "lock/session.py",
        "    given_back = listed and left.owner.run not in ours.before\n",
        "    given_back = False\n",
        noticed_by=SESSION,
    ),
    Mutant(
        "a run whose journal was closed since the look is not recovered again",
        "lock/session.py",
        "    if recovered or given_back or (left.held is None and past is None):\n",
        "    if recovered or given_back:\n",
        noticed_by=SESSION,
    ),
    Mutant(
        "what a run took out until its lock was taken over is recovered too",
        "lock/session.py",
        "    out = collect_owned_targets(ours.owned_targets, left.runs, run.history)\n",
        "    out = tuple(left.owned_targets)\n",
        noticed_by=SESSION,
    ),
    Mutant(
        "of a lock that was split between two runs all is recovered",
        "lock/session.py",
        "    more = {h.target.name: h for h in left.owned_targets} if split else {}\n",
        "    more: dict[str, OwnedTarget] = {}\n",
        noticed_by=SESSION,
    ),
    Mutant(
        "a recovery that is refused gives the lock back",
        "lock/session.py",
        "        await release(lock)\n        raise\n",
        "        raise\n",
        noticed_by=SESSION,
    ),
    Mutant(
        "what an earlier run left is in our journal before it is not theirs",
        "lock/session.py",
        "        await run.journal.held(owned_target)\n",
        "        pass\n",
        noticed_by=SESSION,
    ),
    Mutant(
        "what an earlier run left is in our lock before it is not theirs",
        "lock/session.py",
        "        await lock.keep(grant.owned_targets, everywhere=True)\n",
        "        pass\n",
        noticed_by=SESSION,
    ),
    Mutant(
        "a run that died while it inherited is not believed alone",
        "lock/session.py",
        "        await run.journal.inherited_all()\n",
        "        pass\n",
        noticed_by=SESSION,
    ),
    Mutant(
        "no earlier run is settled before what it left is ours",
        "lock/session.py",
        "            await _inherit(grant, run, lock)\n",
        "            for earlier in grant.runs:\n"
        "                run.history.settle(earlier, run.owner.run)\n"
        "            await _inherit(grant, run, lock)\n",
        noticed_by=SESSION,
    ),
    Mutant(
        "a half deployed run stays open until all of its hosts were seen to",
        "lock/session.py",
        "                if hosts <= seen_to:\n",
        "                if True:\n",
        noticed_by=SESSION,
    ),
    Mutant(
        "what is abandoned is not found again",
        "lock/session.py",
        "[one for one in grant.runs if one != grant.abandoned]",
        "grant.runs",
        noticed_by=SESSION,
    ),
    Mutant(
        "the lock of a run that left a server out says that its run has ended",
        "lock/session.py",
        "    if log.owned_targets:\n",
        "    if False:\n",
        noticed_by=SESSION,
    ),
    Mutant(
        "a run that lives is not recovered",
        "lock/previous_runs.py",
        "    if await gives_sign_of_life(lock, left.owner):\n        raise",
        "    if False:\n        raise",
        noticed_by=ACQUIRE,
    ),
    Mutant(
        "a lock by hand is not recovered",
        "lock/previous_runs.py",
        "    if left.owner.kind is Kind.MANUAL:\n",
        "    if False:\n",
        noticed_by=ACQUIRE,
    ),
    Mutant(
        "a lock that cannot be read is not recovered unasked",
        "lock/previous_runs.py",
        "    if left.owner.kind is Kind.UNKNOWN:\n",
        "    if False:\n",
        noticed_by=ACQUIRE,
    ),
    Mutant(
        "what two records differ about is not touched unasked",
        "lock/previous_runs.py",
        "    if left.claimed_by and left.owned_targets:\n",
        "    if False:\n",
        noticed_by=ACQUIRE,
    ),
    Mutant(
        "a run that another command has gone on with is not resumed",
        "recovery/resume_run.py",
        "    check_not_gone_on(request.past, history)\n    hosts",
        "    hosts",
        noticed_by=WHOLE,
    ),
    Mutant(
        "a run of which more is done than was read is not resumed",
        "recovery/resume_run.py",
        "(last.run, set(last.done)) != (past.run, set(past.done)):\n",
        "last.run != past.run:\n",
        noticed_by=WHOLE,
    ),
    Mutant(
        "a recovery is not resumed in place of the run that it was for",
        "recovery/resume_run.py",
        '    if left is None or (past is not None and past.verb == "recover"):\n',
        "    if left is None:\n",
        noticed_by=WHOLE,
    ),
    Mutant(
        "a resumed deploy counts as seen to only once it stands in our journal",
        "recovery/resume_run.py",
        "    return hosts\n",
        "    return set(request.past.hosts)\n",
        noticed_by=WHOLE,
    ),
    Mutant(
        "what a run of another machine asked for is not taken from a journal of this one",
        "recovery/recover_run.py",
        "        past = None  # another machine",
        "        pass  # another machine",
        noticed_by=WHOLE,
    ),
    Mutant(
        "what a recovery brought back proves the release that it runs",
        "recovery/recover_run.py",
        "        past = replace(past, done=(*past.done, *back.done))\n",
        "        pass\n",
        noticed_by=WHOLE,
    ),
    Mutant(
        "what is abandoned is left as it is",
        "recovery/recover_run.py",
        "    if request.abandoned:\n",
        "    if False:\n",
        noticed_by=WHOLE,
    ),
    Mutant(
        "a resume contacts no host that the settings do not know",
        "recovery/journal_hosts.py",
        "    if unknown and not (replan and known.hosts):\n",
        "    if False:\n",
        noticed_by=WHOLE,
    ),
    Mutant(
        "a lock that another person or a run holds by now is not released by hand",
        "lock/by_hand.py",
        "    if {one.owner.run for one in now} - {one.owner.run for one in seen}:\n",
        "    if False:\n",
        noticed_by=BY_HAND,
    ),
    Mutant(
        "the lock of a run is not released by hand",
        "lock/by_hand.py",
        "        if one.owner.kind is not Kind.MANUAL:\n",
        "        if False:\n",
        noticed_by=BY_HAND,
    ),
    Mutant(
        "a lock by hand that a run holds by now is judged again",
        "lock/by_hand.py",
        "    check_held_by_hand(now)\n",
        noticed_by=BY_HAND,
    ),
    Mutant(
        "a prune begins only with the lock",
        "lock/session.py",
        "    await _acquire_to_prune(owner, lock)\n",
        "",
        noticed_by=PRUNE,
    ),
    Mutant(
        "a prune whose lock was broken removes nothing more",
        "lock/session.py",
        "            yield guarded(site, log)\n",
        "            yield site\n",
        noticed_by=PRUNE,
    ),
    Mutant(
        "nothing is pruned while a host is unknown",
        "deploy/prune.py",
        "    if not findings:\n",
        "    if True:\n",
        noticed_by=PRUNE,
    ),
    Mutant(
        "a prune begins beside no run that left a server out",
        "lock/session.py",
        "            raise _ended_with(seen) from None\n",
        "            pass\n",
        noticed_by=PRUNE,
    ),
    Mutant(
        "what another hand has changed since is not counted as ours by `check`",
        "lock/acquire.py",
        "            ours = await _without_theirs(run, site, tell)\n",
        "            ours = run\n",
    ),
    Mutant(
        "what was asked to restart keeps its `current`: the restart may still come",
        "deploy/current_links.py",
        "    ours = [one for one in seen if release in one.unfinished and one.host not in asked]\n",
        "    ours = [one for one in seen if release in one.unfinished]\n",
    ),
    Mutant(
        "what an instance runs is not taken away below it",
        "deploy/current_links.py",
        "    stale = [one.host for one in seen if one.never_ran(release)]\n",
        "    stale = [one.host for one in seen]\n",
    ),
    Mutant(
        "no release is acquitted that was never compared",
        "deploy/rollback.py",
        "        if isinstance(failure, AGAINST_THE_RELEASE) and tried:\n",
        "        if isinstance(failure, AGAINST_THE_RELEASE) or True:\n",
    ),
    Mutant(
        "a release of which no new process was seen has not failed",
        "deploy/rollback.py",
        "        tried = target.name in started and was_tried(context, target)\n",
        "        tried = was_tried(context, target)\n",
    ),
    Mutant(
        "what is out takes no room from another",
        "restart/window.py",
        "        if self._is_out(target, readings):\n",
        "        if False:\n",
    ),
    Mutant(
        "what is out has its turn first",
        "restart/preflight.py",
        "    ours = tuple(sorted(ours, key=lambda target: target.name not in taken_up))\n",
    ),
    Mutant(
        "instances that are out stop no take-up",
        "restart/preflight.py",
        "    seen = without_what_is_out(await take_fleet_snapshot(scope.hosts, site), site)\n",
        "    seen = await take_fleet_snapshot(scope.hosts, site)\n",
    ),
    Mutant(
        "a process from before the request is no attempt of monit's own",
        "restart/verify.py",
        "        and process != owned_target.asked[one.name]\n",
    ),
    Mutant(
        "monit's own attempt counts only on the release that is due",
        "restart/verify.py",
        "    there = [one for pid, one in new.items() if where.get(pid) == release.name]\n",
        "    there = [one for pid, one in new.items()]\n",
    ),
    Mutant(
        "an instance that has a new process is not restarted again",
        "restart/one_target.py",
        "    proof.expect([one for one in target.instances if one.name in control.renewed])\n",
    ),
    Mutant(
        "what is proven late runs in what `current` leads to",
        "recovery/verify_after_crash.py",
        "        proof = await proven(owned_target.asked, release)\n",
        "        proof = await proven(owned_target.asked, None)\n",
    ),
    Mutant(
        "a host that serves and was left out of a deploy is told",
        "deploy/deploy.py",
        "        if aside := (*context.deploy.left_aside, *await still_serving(rolled.skipped, site)):\n",  # noqa: E501 - as it stands
        "        if aside := context.deploy.left_aside:\n",
    ),
    Mutant(
        "a release that had served well stays good after a way back on request",
        "deploy/deploy.py",
        "left[h] & transaction.unproven[h]]\n",
        "left[h]]\n",
    ),
    Mutant(
        "`current` goes back with a host that was never asked",
        "recovery/recover.py",
        "            await relink(owned_target, control.site, control.tell)\n"
        "        await make_ready_and_verify",
        "            pass\n        await make_ready_and_verify",
    ),
    Mutant(
        "one that is back is not ours any more",
        "recovery/recover.py",
        "    await control.site.record.released(target.name, restarted=False)\n    back = ",
        "    back = ",
    ),
    Mutant(
        "what is theirs is not taken up",
        "restart/control.py",
        "            elif state is None:\n                one.lost = admin_state_of(row)\n",
        "            elif state is None:\n                one.own(admin_state_of(row))\n",
    ),
    Mutant(
        "a lock of the living is not taken",
        "lock/acquire.py",
        "left.held is not None and left.certain:",
        "left.held is not None:",
    ),
    Mutant(
        "what a dead run left out is in everybody's way",
        "lock/acquire.py",
        "    if ours or (left.past is not None and left.past.unfinished):\n",
        "    if False:\n",
    ),
    Mutant(
        "a refused run gives the lock back",
        "lock/acquire.py",
        "        await release(lock_of(site))\n        raise\n",
        "        raise\n",
    ),
    Mutant(
        "a directory of a stranger's is not believed",
        "adapters/lock/lock.sh",
        """  [ "$2" = directory ] || unsafe "$1" "it is a $2 made by $3"
  [ "$4" = 0 ] || [ -O "$1" ] || member "$3" || unsafe "$1" "made by $3"
  case $6 in *[2367])""",
        """  [ "$2" = directory ] || unsafe "$1" "it is a $2 made by $3"
  case $6 in *[2367])""",
        STRANGERS,
    ),
    Mutant(
        "a directory in which every login may write is not believed",
        "adapters/lock/lock.sh",
        """  case $6 in *[2367]) unsafe "$1" "every login may write there (mode $6)" ;; esac
""",
        "",
        STRANGERS,
    ),
    Mutant(
        "a link in the place of the lock's directory is not followed",
        "adapters/lock/lock.sh",
        """  [ "$2" = directory ] || unsafe "$1" "it is a $2 made by $3"
  [ "$4" = 0 ] || [ -O "$1" ] || member "$3" || unsafe "$1" "made by $3"
  case $6 in *[2367])""",
        """  [ "$4" = 0 ] || [ -O "$1" ] || member "$3" || unsafe "$1" "made by $3"
  case $6 in *[2367])""",
        STRANGERS,
    ),
    Mutant(
        "root writes through no link of a member's",
        "adapters/lock/lock.sh",
        """conv="excl${2:+,$2}\"""",
        """conv="notrunc${2:+,$2}\"""",
        STRANGERS,
    ),
    Mutant(
        "who may not enter the team's directory gets no lock beside it",
        "adapters/lock/lock.sh",
        """ || denied "$seen\"""",
        "",
        STRANGERS,
    ),
    Mutant(
        "a lock from before the team's directory was made still counts",
        "adapters/lock/lock.sh",
        """ && [ -e "$mine/$app/lock" ]; then""",
        " && false; then",
        STRANGERS,
    ),
    Mutant(
        "only regular files are read in a lock",
        "adapters/lock/lock.sh",
        """      case $1 in regular*) ;; *) odd="lock/$name${tab}it is a $1 made by $2" ;; esac
""",
        "",
        STRANGERS,
    ),
    Mutant(
        "what is seized is what was shown",
        "adapters/lock/lock.sh",
        """  [ "$there${id-}" = "1$word" ] || { show; exit 75; }
""",
        "",
        STRANGERS,
    ),
    Mutant(
        "a lock that lists servers is not released",
        "adapters/lock/lock.sh",
        """'{"number":'*',"held":[]}') ;; *) show; exit 78 ;;""",
        """*) ;;""",
        LOCK,
    ),
    Mutant(
        "a lock that cannot be read is not taken over by its run's name",
        "adapters/lock/remote_lock.py",
        "            if one.unreadable and one.place not in unless:\n",
        "            if False:\n",
        STRANGERS,
    ),
    Mutant(
        "a take that was cancelled is waited for before the lock is released",
        "adapters/lock/remote_lock.py",
        "            await asyncio.wait({taking}, timeout=CANCELLED_TAKE_WITHIN)\n",
        "",
        LOCK,
    ),
    Mutant(
        "the run of a lock is a run id",
        "adapters/lock/reader.py",
        "    if not RUN.fullmatch(run):\n",
        "    if False:\n",
        STRANGERS,
    ),
    Mutant(
        "a host name is one before it is believed",
        "adapters/journal/serialization.py",
        "    if expand(text) != (text,):\n",
        "    if False:\n",
        ("tests/unit/adapters/journal/test_serialization.py",),
    ),
    Mutant(
        "a name for HAProxy is one before it is believed",
        "adapters/journal/serialization.py",
        "    if not _NAME.fullmatch(text):\n",
        "    if False:\n",
        ("tests/unit/adapters/journal/test_serialization.py",),
    ),
    Mutant(
        "a record that names what the settings do not know is not acted upon",
        "restart/one_target.py",
        "        raise TargetNotInFleet(why)\n",
        "        pass\n",
        WORDS,
    ),
    Mutant(
        "the word that a server was seen to closes no journal while it is out",
        "lock/acquire.py",
        "if by and not past.half_deployed and await is_settled(past.owned_targets, site):\n",
        "if by:\n",
        WORDS,
    ),
    Mutant(
        "the word that a server was seen to hides no run while it is out",
        "lock/previous_runs.py",
        "if by and not past.half_deployed and await is_settled(past.owned_targets, site):\n",
        "if by:\n",
        WORDS,
    ),
    Mutant(
        "what cannot be seen is not seen to",
        "lock/previous_runs.py",
        "        row is None or (owned_target.may_be_ours(row)",
        "        row is not None and (owned_target.may_be_ours(row)",
        WORDS,
    ),
    Mutant(
        "a lock that was not released is left behind with its servers",
        "lock/acquire.py",
        '        await lock.leave_behind("ended before it had seen to what is out")\n',
        "        pass\n",
        WORDS,
    ),
    Mutant(
        "the lock that is written to is the one that was judged",
        "adapters/lock/lock.sh",
        """ && [ "$(stat -c %d:%i .)" = "$id" ] ||""",
        " ||",
        STRANGERS,
    ),
    Mutant(
        "the lock is left without following its path",
        "adapters/lock/lock.sh",
        "cd -P .. ||",
        "cd .. ||",
        STRANGERS,
    ),
    Mutant(
        "what a lock keeps is read without following a link",
        "adapters/lock/lock.sh",
        "iflag=nofollow,nonblock,fullblock",
        "iflag=nonblock,fullblock",
        STRANGERS,
    ),
    Mutant(
        "a new lock is made in the directory that was made for it",
        "adapters/lock/lock.sh",
        """ && [ . -ef "../$new" ]""",
        "",
        STRANGERS,
    ),
    Mutant(
        "a directory is given to the group where it was made",
        "adapters/lock/lock.sh",
        """[ .. -ef "$above" ] && chgrp "$group" . && chmod 2770 .""",
        """chgrp "$group" "$dir" && chmod 2770 "$dir\"""",
        STRANGERS,
    ),
    Mutant(
        "a lock that another group could move away is not believed",
        "adapters/lock/lock.sh",
        """  *[2367]?) [ "$5" = "$group" ] || [ "$5" = "$3" ] ||""",
        "  *[2367]?) : ||",
        STRANGERS,
    ),
    Mutant(
        "a directory of one login that becomes the team's is handed on",
        "adapters/lock/lock.sh",
        """case ${shared:+$of:$may} in""",
        """case "" in""",
        STRANGERS,
    ),
    Mutant(
        "an administrator hands over nothing that a member put in the place of the lock",
        "adapters/lock/setup_commands.py",
        """        f"[ .. -ef {STATE} ] && {give}"
""",
        """        f"{give}"
""",
        STRANGERS,
    ),
    Mutant(
        "a journal names no host to be contacted on the way back",
        "recovery/journal_hosts.py",
        "past.half_deployed and (unknown :=",
        "False and (unknown :=",
        noticed_by=WHOLE,
    ),
    Mutant(
        "a release that was not taken back is not forgotten",
        "lock/session.py",
        "                if earlier not in half:\n",
        "                if True:\n",
        noticed_by=SESSION,
    ),
    Mutant(
        "a script that takes too long leaves no child with the lock",
        "adapters/local/program.py",
        "        os.killpg(process.pid, signal.SIGKILL)\n",
        "        process.kill()\n",
        ("tests/unit/adapters/local/test_shell_command.py",),
    ),
    Mutant(
        "a file of another account's is no settings file",
        "trusted_paths.py",
        "        if not self.may_own(found.st_uid):\n",
        "        if False:\n",
        PATHS,
    ),
    Mutant(
        "a file that every account can write is no settings file",
        "trusted_paths.py",
        "        if mode & stat.S_IWOTH:\n",
        "        if False:\n",
        PATHS,
    ),
    Mutant(
        "what was judged is what is read",
        "trusted_paths.py",
        "_check_file(os.fstat(opened), trust, shown)",
        "pass",
        PATHS,
    ),
    Mutant(
        "a revoked host key is refused",
        "adapters/ssh/host_key_policy.py",
        "refuse_revoked(self._host, offered)",
        "pass",
        SSH,
    ),
    Mutant(
        "no algorithm is used that the configuration leaves out",
        "adapters/ssh/algorithms.py",
        "common = tuple(name for name in configured if name in possible)",
        "common = tuple(possible)",
        SSH,
    ),
    Mutant(
        "a key that others can read logs in nowhere",
        "adapters/ssh/key_files.py",
        "if state.st_uid == os.getuid() and state.st_mode & OTHERS:",
        "if False:",
        SSH,
    ),
    Mutant(
        "in an outage the floor holds for what still carries visitors",
        "model/conditions.py",
        "if not accept_sick or receives_traffic(state)]",
        "if not accept_sick]",
    ),
    Mutant(
        "in an outage too, nothing is asked for that monit would only begin to watch",
        "restart/baseline.py",
        "if s.process is not None or not accept_sick]:",
        "if not accept_sick]:",
    ),
    Mutant(
        "no release has an empty directory for a submodule",
        "adapters/sources/checkout_differences.py",
        'if paths := found.get("submodule"):',
        'if paths := found.get(""):',
        CHECKOUTS,
    ),
    Mutant(
        "no release has a pointer for a file of Git LFS",
        "adapters/sources/checkout_differences.py",
        'if paths := found.get("pointer"):',
        'if paths := found.get(""):',
        CHECKOUTS,
    ),
    Mutant(
        "an admin socket on TCP is not asked over a network in the clear",
        "settings/consistency.py",
        "if tcp is not None and not said.ssh and not tcp.is_loopback:",
        "if False:",
        ("tests/unit/settings/test_bad_settings.py",),
    ),
    Mutant(
        "a line that is gone keeps no other from being told again",
        "restart/control.py",
        "        gone = lines.vanished(self.target.servers, seen)\n",
        "        gone = []\n",
        noticed_by=LINES,
    ),
    Mutant(
        "a line that appears for a host that is out is taken",
        "restart/control.py",
        "        new = [row for row in new if not external_hold(row)]\n",
        "        new = []\n",
        noticed_by=LINES,
    ),
    Mutant(
        "a line that leads elsewhere by now is not held",
        "restart/control.py",
        "lines.has_moved(one.found, rows[server], one.wanted)",
        "False",
        noticed_by=LINES,
    ),
    Mutant(
        "the record lists the lines as they are by now",
        "restart/control.py",
        "            await self.site.record.has_lines(self.target, self.owned)\n",
        "            pass\n",
        noticed_by=LINES,
    ),
    Mutant(
        "with lines that appeared since, room is looked for again",
        "restart/one_target.py",
        "            check_still_allowed(control)\n",
        "            pass\n",
        noticed_by=LINES,
    ),
    Mutant(
        "visitors that come in maint stop the restart",
        "restart/drain.py",
        "    if control.maint_visitors.total:\n",
        "    if False:\n",
        noticed_by=LINES,
    ),
    Mutant(
        "a line that the file disables is not told anything",
        "restart/control.py",
        "ours = {server: row for server, row in rows.items() if server not in idle}\n",
        "ours = dict(rows)\n",
        noticed_by=LINES,
    ),
    Mutant(
        "one server that an operator takes leaves the others watched",
        "restart/reenable.py",
        '            return Condition(met=not control.servers, reason="")\n',
        '            return Condition(met=True, reason="")\n',
        noticed_by=LINES,
    ),
    Mutant(
        "a weight that an operator has set is not set back",
        "restart/operator_changes.py",
        "            found = replace(found, weight=row.weight)\n",
        "            pass\n",
        noticed_by=LINES,
    ),
    Mutant(
        "a silence whose number is not known yet stands in the journal",
        "restart/operator_commands.py",
        "    await record.silenced(target.name, Silence(silencer.run))\n",
        noticed_by=COMMANDS,
    ),
    Mutant(
        "the number of a silence stands in the journal before its target is out",
        "restart/operator_commands.py",
        "        await record.silenced(target.name, Silence(silencer.run, number))\n",
        "        pass\n",
        noticed_by=COMMANDS,
    ),
    Mutant(
        "what an operator takes out while a hook runs is left to the operator",
        "restart/operator_commands.py",
        "        await control.read_all()\n",
        noticed_by=COMMANDS,
    ),
    Mutant(
        "a target that is left out pages a person",
        "restart/cleanup.py",
        "        await end_silence(control.context, control.target)\n        if permission",
        "        if permission",
        noticed_by=COMMANDS,
    ),
    Mutant(
        "the silence of a target that is back ends before the record forgets the target",
        "restart/one_target.py",
        "    await end_silence(control.context, target)\n",
        noticed_by=COMMANDS,
    ),
    Mutant(
        "recover ends the silence that a run which died has begun",
        "recovery/recover.py",
        "    await end_silence(control.context, target)\n    await control.site.record.released",
        "    await control.site.record.released",
        noticed_by=COMMANDS,
    ),
    Mutant(
        "what is abandoned is not silent any more",
        "recovery/recover.py",
        "        await end_silence(context, owned_target.target)\n        await context.site.record"
        ".released(owned_target",
        "        await context.site.record.released(owned_target",
        noticed_by=COMMANDS,
    ),
    Mutant(
        "a measurement never ends a run",
        "restart/impact.py",
        "        except Exception as error:  # noqa: BLE001 - a measurement never ends a run\n",
        "        except TimeoutError as error:\n",
        noticed_by=IMPACT,
    ),
    Mutant(
        "a load balancer that hangs does not hold up the end of a run",
        "restart/impact.py",
        "ANSWERS_WITHIN = 1.5\n",
        "ANSWERS_WITHIN = 5_000\n",
        noticed_by=IMPACT,
    ),
    Mutant(
        "a load balancer that does not answer is left alone for a while",
        "restart/impact.py",
        "        if now() >= self._next:\n",
        "        if True:\n",
        noticed_by=IMPACT,
    ),
    Mutant(
        "two readings that cross are not taken for counters that were cleared",
        "restart/impact.py",
        "            async with asyncio.timeout(ANSWERS_WITHIN), self._turn:\n",
        "            async with asyncio.timeout(ANSWERS_WITHIN):\n",
        noticed_by=IMPACT,
    ),
    Mutant(
        "a reading keeps no other question of the run waiting",
        "adapters/haproxy/admin_socket.py",
        "            async with asyncio.timeout(self._timeout):\n                return read(",
        "            async with asyncio.timeout(self._timeout), self._turn:\n"
        "                return read(",
        noticed_by=("tests/unit/adapters/haproxy/test_beside.py",),
    ),
    Mutant(
        "a reply that was torn is not taken for a smaller one",
        "adapters/haproxy/traffic_parser.py",
        '    raise ValueError("its end is missing")\n',
        noticed_by=("tests/unit/adapters/haproxy/test_traffic_parser.py",),
    ),
    Mutant(
        "what HAProxy counted before the run is not called the run's",
        "model/impact.py",
        "    return reading.age <= measured and most <= reading.handled\n",
        "    return True\n",
        noticed_by=COUNTERS,
    ),
    Mutant(
        "a reload in a run is said to have cost counters",
        "model/impact.py",
        "            self.gaps.append(ImpactGap(balancer=name, reason=RELOAD, "
        "seconds=at - known.at))\n",
        noticed_by=COUNTERS,
    ),
    Mutant(
        "counters that were cleared in a run are said to be",
        "model/impact.py",
        "            self.gaps.append(ImpactGap(balancer=name, reason=CLEARED, "
        "seconds=at - known.at))\n",
        noticed_by=COUNTERS,
    ),
    Mutant(
        "a load balancer that was read late is said to be",
        "model/impact.py",
        "                self.gaps.append(ImpactGap(balancer=name, reason=LATE, seconds=late))\n",
        "                pass\n",
        noticed_by=COUNTERS,
    ),
    Mutant(
        "a request that failed is counted as one",
        "model/traffic.py",
        "        return self.responses_5xx + self.server_aborts\n",
        "        return self.responses_5xx + self.response_errors\n",
        noticed_by=COUNTERS,
    ),
    Mutant(
        "a paused run takes nothing new out",
        "restart/window.py",
        "            if self._is_paused():  # since the look began\n                continue\n",
        noticed_by=STEERING,
    ),
    Mutant(
        "a time for room that was spent in a pause is not counted",
        "restart/window.py",
        "                hopeless_since = None\n                await asyncio.sleep(NOTICE_WITHIN)",
        "                await asyncio.sleep(NOTICE_WITHIN)",
        STEERING,
    ),
    Mutant(
        "a run that nobody answers after the canary halts in the end",
        "restart/pause.py",
        "if seconds and now() >= end:",
        "if False:",
        STEERING,
    ),
    Mutant(
        "a no after the canary risks no further host",
        "restart/pause.py",
        "    if not agreed:\n",
        "    if False:\n",
        STEERING,
    ),
    Mutant(
        "the deadline and a stop end the pause after the canary",
        "restart/pause.py",
        "            check()\n",
        noticed_by=STEERING,
    ),
    Mutant(
        "a request is obeyed once, however often it is read",
        "lock/listen.py",
        "            if request.id in self._obeyed:\n                continue\n",
        noticed_by=STEERING,
    ),
    Mutant(
        "a run that stops is not paused or let go on any more",
        "lock/listen.py",
        "        if self._site.stop_asked():\n            return Outcome.STOPPING_ALREADY\n",
        noticed_by=STEERING,
    ),
    Mutant(
        "a request reaches only the run that it is for",
        "adapters/lock/lock.sh",
        "ask) ours; inside;",
        "ask) inside;",
        CONTROL,
    ),
    Mutant(
        "what was asked of a run is not asked of the run that takes over",
        "adapters/lock/lock.sh",
        "  rm -f ended paused asked  #",
        "  rm -f ended  #",
        CONTROL,
    ),
    Mutant(
        "what a stranger asks is not believed",
        "adapters/lock/lock.sh",
        "ended paused asked; do",
        "ended paused; do",
        (*CONTROL, *STRANGERS),
    ),
    Mutant(
        "a request can never be longer than what is read of it",
        "adapters/lock/control.py",
        "return (row for row in rows if len(row) <= LONGEST)",
        "return (row for row in rows)",
        CONTROL,
    ),
    Mutant(
        "after an abort from another shell the first Ctrl-C is still the first",
        "cli/runner.py",
        "    return by_signal() or steering.stop_asked\n",
        "    return by_signal()\n",
        ("tests/integration/trouble/test_steering.py",),
    ),
    Mutant(
        "keys that were typed before the question are no answer to it",
        "adapters/local/terminal_answer.py",
        "            termios.tcflush(self._terminal, termios.TCIFLUSH)",
        "            pass",
        TERMINAL,
    ),
    Mutant(
        "the terminal is as it was, also after a second Ctrl-C",
        "adapters/local/terminal_answer.py",
        "    with ends_with_us(restore):\n",
        "    with suppress():\n",
        TERMINAL,
    ),
    Mutant(
        "a hook that says no keeps a run from beginning",
        "cli/act.py",
        "        if not await allowed_by_before_hook(RunContext(plan, site, tell)):\n",
        "        if False:\n",
        noticed_by=("tests/unit/cli/test_act.py",),
    ),
    Mutant(
        "a run is not begun where the fleet is another than was shown or planned",
        "cli/act.py",
        "            fit = replace(fit, findings=drift(planned, now))\n",
        "            del now\n",
        noticed_by=("tests/unit/cli/test_act.py",),
    ),
    Mutant(
        "where an answer is required, its absence is no yes",
        "cli/question.py",
        "    if not can_ask:\n",
        "    if False:\n",
        noticed_by=("tests/unit/cli/test_question.py",),
    ),
    Mutant(
        "only a yes is a yes",
        "cli/question.py",
        'return answer.strip().lower() in {"y", "yes"}',
        'return answer.strip().lower() not in {"n", "no"}',
        noticed_by=("tests/unit/cli/test_question.py",),
    ),
    Mutant(
        "a capacity that is lower than planned is a difference",
        "planning/drift.py",
        "one.serving < was.serving",
        "one.serving < 0",
        noticed_by=("tests/unit/planning/test_drift.py",),
    ),
    Mutant(
        "a plan of another commit is not done",
        "planning/drift.py",
        "    if planned.revision != now.revision:\n",
        "    if False:\n",
        noticed_by=("tests/unit/planning/test_drift.py",),
    ),
    Mutant(
        "a plan counts what waits for its end as out, as the window does",
        "planning/forecast.py",
        "        out = [one.target.servers for one in self._running]\n",
        "        out = [one.target.servers for one in self._running if not one.returned]\n",
        noticed_by=("tests/unit/planning/test_forecast.py",),
    ),
    Mutant(
        "no release is pruned that the person was not shown",
        "deploy/prune.py",
        "        _refuse_what_was_not_shown(removable(all_releases, retention), retention)\n",
        "",
        PRUNE,
    ),
)
