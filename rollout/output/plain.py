"""One line per change, UTC, host first, so that ``grep web2`` is its biography."""

from typing import assert_never

from rollout import events
from rollout.events import DeployEvent, Event, HookRan, StepFailed
from rollout.output.deploy_sentences import deploy_words
from rollout.output.messages import RunResult, StampedEvent, Stream
from rollout.output.report.counts import FEW, verb
from rollout.output.report.counts import sessions as count_sessions
from rollout.output.report.report import summary_text
from rollout.summary.run import RunSummary
from rollout.summary.target import GONE, TargetEvent
from rollout.text.elapsed import in_words
from rollout.text.sanitize import sanitize

WHOLE_RUN = "rollout"
"""The first word of a line that is about no target in particular."""


def plain_line(told: StampedEvent) -> str:
    """Spell one event as one line: time, target, what is known now."""
    return f"{told.at} {subject_of(told.event)} {sanitize(words(told.event))}"


def plain_lines(told: StampedEvent) -> str:
    """Spell one event as its line and, for what failed, the end of what it printed."""
    head = f"{told.at} {subject_of(told.event)}     |"
    tail = [f"{head} {sanitize(line)}" for line in _tail(told.event, told.summary)]
    return "".join(f"{line}\n" for line in (plain_line(told), *tail))


def _tail(event: Event, summary: RunSummary) -> tuple[str, ...]:
    """Return what was printed last by that of which ``event`` tells the failure."""
    match event:
        case StepFailed():
            return _once(event, summary)
        case HookRan(ok=False, tail=tail):
            return tail
        case _:
            return ()


def _once(failed: StepFailed, summary: RunSummary) -> tuple[str, ...]:
    """Return what a step printed last, but only once where many hosts printed the same."""
    others = summary.deploy.failed.values()
    alike = (f.host for f in others if (f.step, f.tail) == (failed.step, failed.tail))
    first = next(alike, failed.host)
    return failed.tail if first == failed.host or not failed.tail else (f"as on {first}",)


def subject_of(event: Event) -> str:
    """Name the target or host that ``event`` is about; else where it was noted; else the run."""
    name = next((n for key in ("target", "host", "where") if (n := getattr(event, key, ""))), "")
    return sanitize(name) or WHOLE_RUN


def words(event: Event) -> str:  # noqa: C901, PLR0912 - a sentence per event, and nothing else
    """Say in one sentence what is known when ``event`` is told, for a person at 03:00."""
    match event:
        case events.RolloutStarted(targets=targets, max_out=max_out, floor=floor):
            names = ", ".join(targets)
            return f"starts: {names}; at most {max_out} out at once, floor {floor}"
        case events.RolloutRefused(findings=findings):
            return f"refused before anything was touched: {_findings(len(findings))}"
        case events.RolloutHalted(reason=reason):
            return f"halted, no further target is started: {reason}"
        case events.RolloutFinished():
            return "finished: every planned target had its turn"
        case events.RunResumed(of=run, done=done):
            names = f"; done already: {', '.join(done)}" if done else ""
            return f"goes on with run {run}{names}"
        case events.RecoveryStarted(of=run, targets=targets):
            return f"recovering what run {run} left out: {', '.join(targets) or 'no server'}"
        case events.RecoveryFinished():
            return "recovery finished"
        case events.StopRequested(by=by):
            return (
                f"stop requested by {by}: no further target is started; "
                "targets that are out go back into rotation"
            )
        case events.Interrupted(by=by):
            return f"interrupted by {by}: leaving now, what is out stays out"
        case events.Noted(what=what):
            return f"note: {what}"
        case events.BalancerReloaded(balancer=balancer):
            return f"not out any more on {balancer}: HAProxy was reloaded; telling it again"
        case events.SoakStarted(targets=targets, seconds=seconds):
            serving = ", ".join(targets)
            return f"soaks for {in_words(seconds)} before the next wave, while {serving} serve"
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
    return f"final check: {'; '.join(said) or 'no server line of the run is there any more'}"


def target_words(event: TargetEvent) -> str:  # noqa: C901, PLR0912 - as above
    """Say it of one target."""
    match event:
        case events.TargetSkipped(reason=reason):
            return f"skipped, not ours to touch: {reason}"
        case events.TargetWaiting(awaited=awaited, reason=reason):
            return f"not {awaited} yet: {reason}"
        case events.TargetClaimed(servers=servers):
            return f"claimed, next it is taken out: {', '.join(servers)}"
        case events.TargetAdopted(servers=servers, asked=asked):
            how = "it must be verified first" if asked else "it was never asked to restart"
            return f"adopted, {how}: {', '.join(servers)}"
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
            return "drained: no session open, none queued, no new one"
        case events.TargetNotDrained(reason=reason):
            return f"not drained in time ({reason}); goes on to maint, where no new visitor arrives"
        case events.TargetInMaint():
            return "in maint: no new visitor arrives"
        case events.SessionsCut(sessions=sessions):
            return f"cut {count_sessions(sessions)} that did not end (on_busy = cut)"
        case events.TargetEmpty():
            return "empty: no session is open on any load balancer; it can be restarted"
        case events.RestartAsked(instances=instances):
            return f"asking monit to restart {', '.join(instances)}; it returns only when verified"
        case events.InstanceRestarted(instance=instance, pid=pid):
            return f"{instance} runs as a new process, pid {pid}"
        case events.InstanceVerified(instance=instance, answered=True):
            return f"{instance} verified: the new process answers and has kept its pid"
        case events.InstanceVerified(instance=instance):
            return f"{instance} verified: a new process; no probe is configured to ask it"
        case events.TargetOnProbation():
            return "checking: in drain again, where HAProxy checks it and balances no visitor to it"
        case events.TargetReturned():
            return "returned: up and ready on every load balancer, with the weight it had"
        case events.TargetDone(seconds=seconds, release=release):
            runs = f", runs release {release}" if release else ""
            return f"done: restarted, serving, stable{runs}; was out for {in_words(seconds)}"
        case events.TargetNotStarted(reason=reason):
            return f"not taken, nothing of it was touched: {reason}"
        case events.TargetReturnedUntouched(reason=reason, asked=asked):
            how = "with the processes that it had" if asked else "never asked to restart"
            return f"given back as it was, {how}: {reason}"
        case events.TargetLeftOut(state=state, reason=reason, asked=asked):
            restart = "asked to restart" if asked else "never asked to restart"
            return f"LEFT OUT in state {state}, {restart}: {reason}"
        case _:
            assert_never(event)


def _findings(count: int) -> str:
    return "1 finding" if count == 1 else f"{count} findings"


def _visitors(count: int) -> str:
    return "1 visitor" if count == 1 else f"{count} visitors"


class Plain:
    """Lines as things happen, then the summary."""

    def __init__(self, stream: Stream) -> None:
        self._stream = stream

    def show(self, told: StampedEvent) -> None:
        self._stream.write(plain_lines(told))

    def end(self, ending: RunResult) -> None:
        self._stream.write(summary_text(ending))
