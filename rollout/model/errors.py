"""The errors, each with a name.  Its sentence is made from fields, so no caller matches text.

The exit code is not here: it is the consequence for the fleet, which the summary knows.
"""

from collections.abc import Mapping, Sequence

from rollout.model.fleet import Server
from rollout.model.supervisor import SupervisorProfile


class RolloutError(Exception):
    """Base of all errors that have a name.

    Attributes:
        fix: What to type against it; empty where that is not known.
    """

    fix: str = ""


class ActionableError(RolloutError):
    """An error of one host, load balancer or place.

    Attributes:
        subject: Where it happened; empty where only the cause matters.
        what: What failed, without the subject.
        fix: What to type against it; empty where that is not known.
    """

    def __init__(self, subject: str, what: str, fix: str = "") -> None:
        super().__init__(f"{subject}: {what}" if subject else what)
        self.subject = subject
        self.what = what
        self.fix = fix


def said_of(name: str, error: Exception) -> str:
    """Return what ``error`` says, for a line that begins with ``name`` already."""
    said = str(error) if isinstance(error, RolloutError) else repr(error)
    return said.removeprefix(f"{name}: ")


def fix_of(error: Exception) -> str:
    """Return what fixes ``error``, and on which machine; empty where that is not known."""
    if not isinstance(error, RolloutError):
        return ""
    where = getattr(error, "host", "") or getattr(error, "balancer", "")
    named = not where or not error.fix or error.fix.startswith("ssh ")
    return error.fix if named else f"on {where}: {error.fix}"


class SettingsError(RolloutError):
    """What was said makes no sense; one line per problem, all of them."""

    def __init__(self, problems: Sequence[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = tuple(problems)


class Halted(RolloutError):
    """Nothing new is started; the sentence names who failed and why, the deadline, or a stop."""


class SoakFailed(Halted):
    """A target that was back did not hold while it carried traffic."""

    def __init__(self, target: str, reason: str) -> None:
        super().__init__(f"{target}: {reason}")
        self.target = target


class TimedOut(RolloutError):
    """We waited as long as we were told to; ``last`` is the last reason that was given."""

    def __init__(self, purpose: str, timeout: float, last: str) -> None:
        super().__init__(f"not {purpose} after {timeout:g}s: {last}")
        self.timeout = timeout
        self.last = last


class BalancerError(ActionableError):
    """HAProxy did not answer, said no, or disagrees with itself."""

    @property
    def balancer(self) -> str:
        return self.subject


class SupervisorError(ActionableError):
    """A supervisor did not answer, or its answer cannot be trusted.

    A fix that is a command for a shell of the host is given as it is typed elsewhere.
    """

    def __init__(self, host: str, what: str, fix: str = "") -> None:
        super().__init__(host, what, f"ssh -t {host} {fix}" if fix.startswith("sudo ") else fix)

    @property
    def host(self) -> str:
        return self.subject


class RestartRefused(SupervisorError):
    """The supervisor refused the very first restart we asked for: nothing was restarted."""


class SupervisorBusy(SupervisorError):
    """The supervisor has work of its own pending; this is not about a release or a process.

    ``last`` is what it is busy with.
    """

    def __init__(
        self, host: str, last: str, supervisor: SupervisorProfile, timeout: float = 0.0
    ) -> None:
        after = f" after {timeout:g}s" if timeout else ""
        what = f"not free to be restarted{after}: {last}"
        super().__init__(host, what, supervisor.fix_when_busy)
        self.last = last
        self.timeout = timeout


class RemoteError(ActionableError):
    """ssh: unreachable, unauthenticated, unknown host key, or lost on the way."""

    @property
    def host(self) -> str:
        return self.subject


class ReleaseError(ActionableError):
    """A release on the disk of a host could not be read, made, moved or removed."""

    @property
    def host(self) -> str:
        return self.subject


class BuildFailed(ReleaseError):
    """A step of the operator's own said no, or took too long.

    ``tail`` is the end of what it printed, ``log`` where all of it is.
    """

    def __init__(self, host: str, what: str, *, tail: Sequence[str], log: str) -> None:
        super().__init__(host, what)
        self.tail = tuple(tail)
        self.log = log


class SourceError(ActionableError):
    """The code to deploy cannot be had: no such branch, repository or artifact, no access."""

    def __init__(self, what: str, fix: str = "") -> None:
        super().__init__("", what, fix)


class RecordError(ActionableError):
    """What we are about to do cannot be written down, so it is not done."""

    def __init__(self, what: str, fix: str = "") -> None:
        super().__init__("", what, fix)


class LockError(ActionableError):
    """The lock of the app could not be read or taken in one place."""

    @property
    def place(self) -> str:
        return self.subject


class LockUnavailable(LockError):
    """A new run could not acquire the lock because a place could not be asked; it holds none."""


class LockHeld(RolloutError):
    """Another run or a person holds the lock; ``owner`` says which, ``also`` ends the sentence."""

    def __init__(self, place: str, owner: str, also: str = "") -> None:
        super().__init__(f"the lock is held by {owner}{also}")
        self.place = place
        self.owner = owner


class UnfinishedRunFound(RolloutError):
    """An earlier run died, or left something out, and no run has recovered it."""

    def __init__(self, run: str, what: str, fix: str) -> None:
        super().__init__(f"run {run} {what}")
        self.run = run
        self.what = what
        self.fix = fix


class TargetNotInFleet(RolloutError):
    """The record of another run names what the settings do not know; nothing of it was changed."""

    def __init__(self, what: str) -> None:
        super().__init__(f"{what}, though the record of a run lists it; nothing of it was changed")


class LockLost(RolloutError):
    """Our lock was broken or taken over; the run that did it answers for what was ours."""

    def __init__(self, place: str, owner: str) -> None:
        now = f"it is held by {owner}" if owner else "no run holds it"
        super().__init__(
            f"the lock of this run on {place} was taken away, {now}; nothing more is changed"
        )
        self.place = place
        self.owner = owner


class FailedOnSomeHosts(RolloutError):
    """A step of the transaction failed on some hosts; ``failed`` says what each of them said."""

    def __init__(self, step: str, failed: Mapping[str, RolloutError]) -> None:
        said = "; ".join(f"{host}: {said_of(host, error)}" for host, error in failed.items())
        super().__init__(f"{step}: {said}")
        self.step = step
        self.failed = dict(failed)


class WrongRelease(RolloutError):
    """An instance answers, and its process works in another directory than the new release."""

    def __init__(self, where: Mapping[str, str], wanted: str) -> None:
        said = ", ".join(f"{name} runs in {found or 'no release'}" for name, found in where.items())
        super().__init__(f"{said}, not in {wanted}: its start program does not follow `current`")
        self.where = dict(where)
        self.wanted = wanted


class NotRestarted(RolloutError):
    """The supervisor calls the restart done, and the process is the one from before.

    ``at_once``: it did so sooner than a stop can have timed out.
    """

    def __init__(
        self,
        names: Sequence[str],
        supervisor: SupervisorProfile,
        *,
        after: float,
        at_once: bool = False,
    ) -> None:
        super().__init__(
            f"{', '.join(names)} not restarted: {supervisor.name} says {supervisor.running_word} "
            f"{after:.0f}s after the request, with the process from before "
            f"({supervisor.keeps_because})"
        )
        self.names = tuple(names)
        self.after = after
        self.at_once = at_once


class NotGivenBack(RolloutError):
    """A target that was never asked to restart could not be given back after a failure."""


class ProcessKept(RolloutError):
    """A restart leaves the process as it is; it was proven once more, and goes back."""

    def __init__(self, names: Sequence[str], host: str, supervisor: SupervisorProfile) -> None:
        named, name = ", ".join(names), supervisor.name
        super().__init__(
            f"{name} on {host} calls the restart of {named} done, and each is the process from "
            f"before, which still answers: {name}'s restart must make a new process"
        )
        self.fix = supervisor.fix_when_kept
        self.names = tuple(names)
        self.host = host


class RestartedTogether(RolloutError):
    """Instances got a new process that nothing asked for, beside those that were asked."""

    def __init__(
        self, host: str, asked: Sequence[str], others: Sequence[str], supervisor: SupervisorProfile
    ) -> None:
        super().__init__(
            f"{host}: {', '.join(others)} got a new process when {', '.join(asked)} was asked to "
            f"restart: {supervisor.name} restarts them together ({supervisor.couples_by}), or it "
            "died at that moment"
        )
        self.fix = supervisor.fix_when_coupled
        self.host = host
        self.asked = tuple(asked)
        self.others = tuple(others)


class Unmonitored(RolloutError):
    """An instance is not watched: a restart would only switch the watching on."""

    def __init__(self, names: Sequence[str], supervisor: SupervisorProfile) -> None:
        what = f"not monitored: {supervisor.name} would not restart it"
        super().__init__(f"{', '.join(names)} {what}")
        self.names = tuple(names)


class CrashLoop(RolloutError):
    """An instance answered and was a different process a moment later."""

    def __init__(self, names: Sequence[str]) -> None:
        super().__init__(f"{', '.join(names)} died after it had answered (crash loop)")
        self.names = tuple(names)


class VisitorsInMaint(RolloutError):
    """HAProxy sends visitors to servers in maint: a restart would fail them."""

    def __init__(self, sessions: int, servers: Sequence[str]) -> None:
        came = "1 visitor came" if sessions == 1 else f"{sessions} visitors came"
        super().__init__(
            f"{came} to {', '.join(servers)} in maint: HAProxy's configuration sends them there "
            "(`force-persist` or `option persist`), and a restart would fail them"
        )
        self.fix = (
            "take that line out of the backend in HAProxy's configuration, and reload HAProxy"
        )
        self.sessions = sessions
        self.servers = tuple(servers)


class SessionsStillOpen(RolloutError):
    """Sessions were still open when `maint_timeout` ended, and the policy is to stop."""

    def __init__(self, sessions: int, timeout: float) -> None:
        super().__init__(
            f"{sessions} session{'' if sessions == 1 else 's'} still open after {timeout:g}s in "
            'maint: restart.on_busy = "cut" closes them, a longer restart.maint_timeout waits'
        )
        self.sessions = sessions
        self.timeout = timeout


class FloorBroken(RolloutError):
    """The floor does not hold without the target, or has to be counted again before it goes out.

    Attributes:
        servers: Those that the target has by now: lines may have appeared since it was planned.
        taken: It was out of rotation, and has been given back.
    """

    def __init__(self, reason: str, servers: Sequence[Server] = ()) -> None:
        super().__init__(reason)
        self.servers = tuple(servers)
        self.taken = True


class FloorUnreachable(RolloutError):
    """No target of this run is out, and yet the next one cannot be taken out."""


class ChangedExternally(RolloutError):
    """A server that this run owns was changed from outside; the run does not change it back."""

    def __init__(self, server: str, wanted: str, found: str) -> None:
        super().__init__(
            f"{server} was changed from outside: rollout had set {wanted}, it is {found}"
        )
        self.server = server
        self.wanted = wanted
        self.found = found


class StopAsked(RolloutError):
    """The operator asked us to stop; this target had not been restarted and goes back."""

    def __init__(self) -> None:
        super().__init__("stopped on request before the restart")


class SmokeFailed(RolloutError):
    """The operator's own check said no; the result's last words travel with it."""
