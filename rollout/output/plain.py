"""One line per change, UTC, host first, so that ``grep web2`` is its biography."""

from typing import assert_never

from rollout import events
from rollout.events import DeployEvent, Event, HookRan, StepFailed
from rollout.output.deploy_sentences import deploy_words
from rollout.output.messages import Ending, Stream, Told
from rollout.output.report.counts import FEW, verb
from rollout.output.report.counts import sessions as count_sessions
from rollout.output.report.report import account
from rollout.summary.run import Ledger
from rollout.summary.target import GONE, TargetEvent
from rollout.text.elapsed import in_words
from rollout.text.sanitize import harmless

WHOLE_RUN = "rollout"
"""The first word of a line that is about no target in particular."""


def plain_line(told: Told) -> str:
    """Spell one event as one line: instant, whom it is about, what is known now."""
    return f"{told.at} {whom(told.event)} {harmless(words(told.event))}"


def plain_lines(told: Told) -> str:
    """Spell one event as its line and, for what failed, the end of what it printed."""
    head = f"{told.at} {whom(told.event)}     |"
    tail = [f"{head} {harmless(line)}" for line in _tail(told.event, told.ledger)]
    return "".join(f"{line}\n" for line in (plain_line(told), *tail))


def _tail(event: Event, ledger: Ledger) -> tuple[str, ...]:
    """Return what was printed last by that of which ``event`` tells the failure."""
    match event:
        case StepFailed():
            return _once(event, ledger)
        case HookRan(fine=False, tail=tail):
            return tail
        case _:
            return ()


def _once(failed: StepFailed, ledger: Ledger) -> tuple[str, ...]:
    """Return what a step printed last, but only once where many hosts printed the same."""
    others = ledger.deploy.failed.values()
    alike = (f.host for f in others if (f.step, f.tail) == (failed.step, failed.tail))
    first = next(alike, failed.host)
    return failed.tail if first == failed.host or not failed.tail else (f"as on {first}",)


def whom(event: Event) -> str:
    """Name the target or host that ``event`` is about; else where it was noted; else the run."""
    name = next((n for key in ("target", "host", "where") if (n := getattr(event, key, ""))), "")
    return harmless(name) or WHOLE_RUN


def words(event: Event) -> str:  # noqa: C901, PLR0912 - a sentence per event, and nothing else
    """Say in one sentence what is known when ``event`` is told, for a person at 03:00."""
    match event:
        case events.RolloutStarted(targets=targets, max_out=max_out, floor=floor):
            names = ", ".join(targets)
            return f"starts: {names}; at most {max_out} out at once, floor {floor}"
        case events.RolloutRefused(findings=findings):
            return f"refused before anything was touched: {_findings(len(findings))}"
        case events.RolloutHalted(because=because):
            return f"halted, nothing new is started: {because}"
        case events.RolloutFinished():
            return "finished: every planned target had its turn"
        case events.RunResumed(of=run, done=done):
            names = f"; done already: {', '.join(done)}" if done else ""
            return f"goes on with run {run}{names}"
        case events.RecoveryStarted(of=run, targets=targets):
            return f"sees to what run {run} left out: {', '.join(targets) or 'nobody'}"
        case events.RecoveryFinished():
            return "every one of them has been seen to"
        case events.StopRequested(by=by):
            return f"stop requested by {by}: nothing new is started, what is out is seen through"
        case events.Interrupted(by=by):
            return f"interrupted by {by}: leaving now, what is out stays out"
        case events.Noted(what=what):
            return f"note: {what}"
        case events.BalancerReloaded(balancer=balancer):
            return f"not out any more on {balancer}: HAProxy was reloaded; telling it again"
        case events.SoakStarted(targets=targets, seconds=seconds):
            return f"soaks for {in_words(seconds)} before the next wave: {', '.join(targets)}"
        case events.FleetSeen():
            return _fleet_words(event)
        case _ if isinstance(event, DeployEvent):
            return deploy_words(event)
        case _:
            return target_words(event)


def _fleet_words(seen: events.FleetSeen) -> str:
    idle = {**dict.fromkeys(seen.gone, GONE), **seen.taken, **seen.down}
    verbs = verb(len(seen.serving))
    said = [f"{', '.join(seen.serving)} {verbs} on every load balancer"] if seen.serving else []
    lacks = "does not" if seen.serving else "does not serve"
    said += [f"{name} {lacks}: {how}" for name, how in idle.items()]
    said += [f"{how}, of no target of this run" for how in seen.others[:FEW]]
    said += [f"{len(seen.others) - FEW} more such"] if len(seen.others) > FEW else []
    said += [f"{name} does not answer" for name in seen.unseen]
    return f"last look: {'; '.join(said) or 'no server line of the run is there any more'}"


def target_words(event: TargetEvent) -> str:  # noqa: C901, PLR0912 - as above
    """Say it of one target."""
    match event:
        case events.TargetSkipped(because=because):
            return f"skipped, not ours to touch: {because}"
        case events.TargetWaiting(awaited=awaited, because=because):
            return f"not {awaited} yet: {because}"
        case events.TargetClaimed(seats=seats):
            return f"claimed, next it is taken out: {', '.join(seats)}"
        case events.TargetTakenUp(seats=seats, asked=asked):
            how = "it must be proven first" if asked else "it was never asked to restart"
            return f"taken up again, {how}: {', '.join(seats)}"
        case events.ServersChanged(gone=gone, new=new):
            said = [f"HAProxy has no {', '.join(gone)} any more"] if gone else []
            said += [f"HAProxy has {', '.join(new)} as well now, taken too"] if new else []
            return "; ".join(said) or "HAProxy has the same servers of it as before"
        case events.OthersRestarted(instances=instances):
            names = ", ".join(instances)
            return f"monit restarted {names} as well, which nothing had asked to restart"
        case events.TargetVisited(sessions=sessions, servers=servers):
            return (
                f"HAProxy sent it {_visitors(sessions)} in maint, while it was restarted "
                f"({', '.join(servers)}): `force-persist` or `option persist` in its configuration"
            )
        case events.TargetRecovered(restarted=True):
            return "recovered: its restart had gone through, it serves and is stable"
        case events.TargetRecovered(renewed=renewed) if renewed:
            return f"recovered: it serves; its restart had reached only {', '.join(renewed)}"
        case events.TargetRecovered(release=release) if release:
            return f"recovered: it serves release {release}, to which `current` leads"
        case events.TargetRecovered():
            return "recovered: it serves as it was found, and has not been restarted"
        case events.TargetDraining():
            return "draining"
        case events.TargetDrained():
            return "drained: no session open, none queued, nobody new"
        case events.TargetNotDrained(because=because):
            return f"not drained in time ({because}); goes on to maint, where nobody new arrives"
        case events.TargetInMaint():
            return "in maint: nobody new arrives"
        case events.SessionsCut(sessions=sessions):
            return f"cut {count_sessions(sessions)} that would not end, as `on_busy` says"
        case events.TargetEmpty():
            return "empty: nothing is in flight, it may be restarted"
        case events.RestartAsked(instances=instances):
            return f"asking monit to restart {', '.join(instances)}; only proof brings it back now"
        case events.InstanceReborn(instance=instance, pid=pid):
            return f"{instance} reborn with pid {pid}"
        case events.InstanceProven(instance=instance, answered=True):
            return f"{instance} proven: it answers and is still the same process"
        case events.InstanceProven(instance=instance):
            return f"{instance} proven: a new process; there is no probe to ask it"
        case events.TargetOnProbation():
            return "on probation: back in drain, HAProxy checks it and balances nothing to it"
        case events.TargetReturned():
            return "returned: up and ready on every load balancer, with the weight it had"
        case events.TargetDone(seconds=seconds, release=release):
            runs = f", runs release {release}" if release else ""
            return f"done: restarted, serving, stable{runs}; was out for {in_words(seconds)}"
        case events.TargetNotTaken(because=because):
            return f"not taken, nothing of it was touched: {because}"
        case events.TargetGivenBack(because=because, asked=asked):
            how = "with the processes that it had" if asked else "never asked to restart"
            return f"given back as it was, {how}: {because}"
        case events.TargetLeftOut(state=state, because=because, asked=asked):
            restart = "asked to restart" if asked else "never asked to restart"
            return f"LEFT OUT in state {state}, {restart}: {because}"
        case _:
            assert_never(event)


def _findings(count: int) -> str:
    return "1 finding" if count == 1 else f"{count} findings"


def _visitors(count: int) -> str:
    return "1 visitor" if count == 1 else f"{count} visitors"


class Plain:
    """Lines as things happen, then the account."""

    def __init__(self, stream: Stream) -> None:
        self._stream = stream

    def show(self, told: Told) -> None:
        self._stream.write(plain_lines(told))

    def end(self, ending: Ending) -> None:
        self._stream.write(account(ending))
