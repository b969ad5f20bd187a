"""One line per change, UTC, host first, so that ``grep web2`` is its history."""

from collections.abc import Callable
from typing import assert_never

from rollout import events
from rollout.events import DeployEvent, Event, HookRan, StepFailed
from rollout.output.deploy_sentences import deploy_words
from rollout.output.messages import RunResult, StampedEvent, Stream
from rollout.output.report.counts import FEW, out_words, verb
from rollout.output.report.counts import sessions as count_sessions
from rollout.output.report.report import summary_text
from rollout.output.terminal import USUAL
from rollout.summary.run import RunSummary
from rollout.summary.target import GONE, TargetEvent
from rollout.text.elapsed import in_words
from rollout.text.sanitize import sanitize
from rollout.text.timestamps import to_the_second

WHOLE_RUN = "rollout"
"""The first word of a line that is about no target in particular."""


def plain_line(told: StampedEvent) -> str:
    """Spell one event as one line: time, target, what is known now."""
    return f"{to_the_second(told.at)} {subject_of(told.event)} {words_now(told)}"


def words_now(told: StampedEvent) -> str:
    """Say what is known; a cause that the line of a target has told is not told once more."""
    match told.event:
        case events.RolloutHalted(reason=reason) if failed := _failed_of(reason, told.summary):
            return f"halted, no other host is restarted: {failed} failed"
        case events.RollbackStarted(release=release, reason=reason, targets=targets) if (
            failed := _failed_of(reason, told.summary)
        ):
            first = f", {sanitize(', '.join(targets))} first" if targets else ""
            return f"rolls back from release {sanitize(release)}{first}: {failed} failed"
        case event:
            return sanitize(words(event))


def _failed_of(reason: str, summary: RunSummary) -> str:
    """Name the target whose own reason ``reason`` is; empty where it is another one."""
    lines = summary.lines.items()
    return next((sanitize(n) for n, line in lines if reason == f"{n}: {line.reason}"), "")


def plain_lines(told: StampedEvent) -> str:
    """Spell one event as its line and, for what failed, the end of what it printed.

    Nothing for one of which there is nothing to say in a line.
    """
    if not words_now(told):
        return ""
    head = f"{to_the_second(told.at)} {subject_of(told.event)}     |"
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
        case events.RunBegan():
            return _began_words(event)
        case events.TrafficSeen() | events.ImpactMeasured() | events.SoakSeen():
            return ""  # the screen and the summary say it
        case events.RolloutStarted(targets=targets, max_out=max_out, floor=floor):
            names = ", ".join(targets)
            return f"restarts {names}: max {max_out} out at once, floor {floor}"
        case events.RolloutRefused(findings=findings):
            return f"refused, nothing was changed: {_findings(len(findings))}"
        case events.RolloutHalted(reason=reason):
            return f"halted, no other host is restarted: {reason}"
        case events.RolloutFinished():
            return "finished: every planned host had its turn"
        case events.RunResumed(of=run, done=done):
            names = f"; done already: {', '.join(done)}" if done else ""
            return f"resumes run {run}{names}"
        case events.RecoveryStarted(of=run, targets=targets):
            return (
                f"recovers what run {run} left out of rotation: {', '.join(targets) or 'no server'}"
            )
        case events.RecoveryFinished():
            return "recovery finished"
        case events.StopRequested(by=by):
            return f"stopping ({by}): first what is out comes back"
        case events.RolloutPaused():
            return _pause_words(event)
        case events.RolloutContinued(by=by):
            return f"goes on ({by})"
        case events.Interrupted(by=by):
            return f"ends now ({by}): what is out stays out"
        case events.Noted(what=what):
            return f"note: {what}"
        case events.BalancerReloaded(balancer=balancer):
            return f"HAProxy on {balancer} was reloaded: its state is set again"
        case events.SoakStarted(targets=targets, seconds=seconds):
            first = f"{', '.join(targets)} {verb(len(targets))}"
            return f"soak: {first} for {in_words(seconds)} before the next wave"
        case events.FleetSeen():
            return _fleet_words(event)
        case _ if isinstance(event, DeployEvent):
            return deploy_words(event)
        case _:
            return target_sentence(event)


def _pause_words(paused: events.RolloutPaused) -> str:
    names = ", ".join(paused.finishing)
    first = f"{names} {'is' if len(paused.finishing) == 1 else 'are'} finished first; "
    until = "nothing new is taken out until `rollout continue`; `rollout abort` ends the run"
    if paused.asks:
        until = "continue? [y/N]; another shell may answer, `rollout continue` or `rollout abort`"
    halts = f"; it halts after {in_words(paused.seconds)} without an answer"
    said = f"paused ({paused.by}): {first if names else ''}{until}"
    return f"{said}{halts if paused.seconds else ''}"


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


def _began_words(began: events.RunBegan) -> str:
    """Say what the run is, and where it comes from."""
    env = f" ({began.env})" if began.env else ""
    login = began.sudo_user or began.user
    reason = f': "{began.reason}"' if began.reason else ""
    return f"{began.verb} of {began.app}{env} by {login}@{began.bastion}{reason}"


def target_sentence(event: TargetEvent) -> str:  # noqa: C901, PLR0912 - as above
    """Say it of one target."""
    match event:
        case events.TargetSkipped(reason=reason):
            return f"skipped: {reason}"
        case events.TargetWaiting(awaited=awaited, reason=reason):
            return f"{_not_yet(awaited)}: {reason}"
        case events.TargetClaimed(servers=servers):
            return f"taking out: {', '.join(servers)}"
        case events.TargetPrepared(silence=silence):
            return f"its commands have ended{silence and f', silence {silence}'}; next: drain"
        case events.TargetAdopted(servers=servers, asked=asked):
            how = "must be verified first" if asked else "was never asked to restart"
            return f"recovering, it {how}: {', '.join(servers)}"
        case events.ServersChanged(gone=gone, new=new):
            said = [f"HAProxy has no {', '.join(gone)} any more"] if gone else []
            said += [f"HAProxy has {', '.join(new)} as well now, taken too"] if new else []
            return "; ".join(said) or "HAProxy has the same servers of it as before"
        case events.OthersRestarted(instances=instances, supervisor=supervisor):
            names = ", ".join(instances)
            return f"{supervisor} restarted {names} as well, which nothing had asked to restart"
        case events.TargetVisited(sessions=sessions, servers=servers):
            return (
                f"HAProxy sent it {_visitors(sessions)} in maint, while it was restarted "
                f"({', '.join(servers)}): `force-persist` or `option persist` in its configuration"
            )
        case events.TargetRecovered(restarted=True):
            return "recovered: its restart was complete, it serves"
        case events.TargetRecovered(renewed=renewed) if renewed:
            return f"recovered: it serves; its restart had reached only {', '.join(renewed)}"
        case events.TargetRecovered(release=release) if release:
            return f"recovered: it serves release {release}, to which `current` leads"
        case events.TargetRecovered():
            return "recovered: serves as it was found, not restarted"
        case events.TargetDraining():
            return "draining"
        case events.TargetDrained():
            return "drained: 0 sessions open, 0 queued; next: maint"
        case events.TargetNotDrained(reason=reason):
            return f"not drained in time ({reason}); next: maint"
        case events.TargetInMaint():
            return "in maint: HAProxy sends it nothing new"
        case events.SessionsCut(sessions=sessions):
            return f"cut {count_sessions(sessions)} that did not end (on_busy = cut)"
        case events.TargetEmpty():
            return "empty: 0 sessions in maint, safe to restart"
        case events.RestartAsked(instances=instances):
            return f"restart requested ({', '.join(instances)}); returns when verified"
        case events.InstanceRestarted(instance=instance, pid=pid):
            return f"{instance} runs as a new process, pid {pid}"
        case events.InstanceVerified(instance=instance, answered=True):
            return f"{instance} verified: the new process answers"
        case events.InstanceVerified(instance=instance):
            return f"{instance} verified: a new process (no probe is set)"
        case events.TargetOnProbation():
            return "checking: in drain, HAProxy checks it, no visitors yet"
        case events.TargetReturned():
            return "in rotation everywhere, watched until stable"
        case events.TargetDone(seconds=seconds, release=release):
            return f"done: serving, out for {in_words(seconds)}{release and f', release {release}'}"
        case events.TargetNotStarted(reason=reason):
            return f"not restarted: {reason}"
        case events.TargetReturnedUntouched(reason=reason, asked=asked):
            how = "with the processes that it had" if asked else "not restarted"
            return f"put back, {how}: {reason}"
        case events.TargetLeftOut(state=state, reason=reason, asked=asked):
            restart = "restart requested" if asked else "not restarted"
            return f"FAILED, {out_words(state)}, {restart}: {reason}"
        case _:
            assert_never(event)


WAITS = {"spared": "waits, the floor needs it", "called up by HAProxy": "waits for HAProxy"}


def _not_yet(awaited: str) -> str:
    return WAITS.get(awaited, f"not {awaited} yet")


def _findings(count: int) -> str:
    return "1 finding" if count == 1 else f"{count} findings"


def _visitors(count: int) -> str:
    return "1 visitor" if count == 1 else f"{count} visitors"


class Plain:
    """Lines as things happen, then the summary.

    Args:
        stream: Where they go.
        columns: Measures the columns that prose may take.
    """

    def __init__(self, stream: Stream, columns: Callable[[], int] = lambda: USUAL) -> None:
        self._stream = stream
        self._columns = columns

    def show(self, told: StampedEvent) -> None:
        self._stream.write(plain_lines(told))

    def end(self, ending: RunResult) -> None:
        self._stream.write(summary_text(ending, self._columns()))
