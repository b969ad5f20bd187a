"""Is a host's monit fit for a rollout?  What is wrong with our instances, each with its fix."""

import shlex
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from rollout.model.fleet import Finding, InstanceState, ProcessState, SickFinding


@dataclass(frozen=True, slots=True)
class Monit:
    """The monit of one host, as an operator types it.

    Attributes:
        ssh: What reaches our hosts.
        host: Which one.
        command: How monit is called there.
    """

    ssh: str
    host: str
    command: str

    @property
    def summary(self) -> str:
        return f"{self.ssh} {self.host} {self.command} summary"

    @property
    def by_admin(self) -> str:
        """The login may not (``sudoers_line``), so sudo may ask, and wants a terminal."""
        return f"{self.ssh} -t {self.host} {self.command.replace('sudo -n ', 'sudo ', 1)}"


def findings_in(
    host: str,
    states: Sequence[InstanceState],
    command: str,
    match: str,
    expected: int | None,
    ssh: str = "ssh",
) -> tuple[Finding, ...]:
    """Judge the instances of one host: their number first, then one by one.

    A process that cannot be seen (``hidepid``) is no finding: its pid alone must do.  ``ssh`` is
    how an operator types it to reach a host.
    """
    monit = Monit(ssh, host, command)
    findings = [*_of_number(host, [state.name for state in states], monit, match, expected)]
    for state in states:
        kind = SickFinding if _is_fixable(state) else Finding
        found = (kind(host, what, fix, instance=state.name) for what, fix in _of_one(state, monit))
        findings += [*found][:1]
    return tuple(findings)


def _is_fixable(state: InstanceState) -> bool:
    """Tell whether it is broken, and monit, asked for a restart, would make a new process of it.

    Of one that it does not watch it would do so only if there is none; of one that waits for its
    time (`every`) it tells no process, so that the new one could not be proven (both measured with
    5.33).
    """
    if _waits(state):
        return False
    settling = state.pending or state.settling
    return state.process is None or (state.monitored and not settling)


def _waits(state: InstanceState) -> bool:
    return state.detail.lower() == "waiting"


def _of_number(
    host: str, names: Sequence[str], monit: Monit, match: str, expected: int | None
) -> Iterator[Finding]:
    see = f"see: {monit.summary}"
    listed = f" ({', '.join(names)})" if names else ""
    if expected is not None and len(names) != expected:
        what = f"{expected} instances expected, monit has {len(names)}{listed}"
        yield Finding(host, what, f"correct monit.instances or monit.match; {see}")
    elif not names:
        what = f"no process of monit's matches {match!r}"
        yield Finding(host, what, f"correct monit.match or monit.group; {see}")


def _of_one(state: InstanceState, monit: Monit) -> Iterator[tuple[str, str]]:
    name, quoted = state.name, shlex.quote(shlex.quote(state.name))  # for two shells
    by_admin = monit.by_admin
    settle = f"wait until it is OK: {monit.summary}"
    if state.pending:
        yield f"{name} has a {state.pending} pending", settle
    if not state.monitored:
        # Monit would only switch the watching on and call that a restart done.
        yield f"{name} is not monitored: monit would not restart it", f"{by_admin} monitor {quoted}"
    if state.settling:
        yield f"{name} is initializing", settle
    if _waits(state):
        # Until its time comes monit does not call it running, whatever it is.
        fix = f"take `every` off {name} in monit's control file"
        yield f"{name} is waiting for its time", fix
    if state.process is None and state.state is ProcessState.RUNNING:
        yield f"monit calls {name} {state.detail}, but its process is gone", f"{by_admin} validate"
    if not state.running:
        yield f"{name} is not running: {state.detail}", f"{by_admin} start {quoted}"
