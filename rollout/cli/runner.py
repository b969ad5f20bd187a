"""Runs a command that changes servers: journal, adapters, lock and renderers around it."""

import os
import sys
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AsyncExitStack
from dataclasses import replace
from functools import partial

from rollout.adapters.local.terminal_answer import TerminalAnswer
from rollout.cli.from_deploy_settings import see_current
from rollout.cli.from_settings import lock_request, reach_of, servers_of, ssh_words
from rollout.cli.new_run import NewRun, begin
from rollout.cli.notify_wiring import build_notifications
from rollout.cli.question import can_ask
from rollout.cli.run_log import log_of
from rollout.cli.run_spec import Look, RunSpec
from rollout.cli.signals import run_with_signals
from rollout.cli.wiring import open_deploy, open_site
from rollout.events import Noted, RolloutRefused
from rollout.lock.acquire import LockRequest
from rollout.lock.session import LockedRun, hold_lock, look_only, take_over_lock
from rollout.model.errors import LockUnavailable
from rollout.model.fleet import Finding
from rollout.output.deploy_sentences import hosts_words
from rollout.output.dispatcher import Broadcast
from rollout.output.log_file import LogFile
from rollout.output.messages import NextStepCommands, Recipients
from rollout.output.select import Output, renderers
from rollout.ports.control import Steering
from rollout.ports.site import Site, Tell
from rollout.ports.verbose import Say, trace
from rollout.restart.preflight import report_preflight, with_others

CommandBody = Callable[[LockedRun, Tell], Awaitable[object]]


def run(spec: RunSpec, scenario: CommandBody) -> int:
    """Run ``scenario`` under the lock, and return the exit code of its summary.

    Raises:
        SettingsError: there is no such output; no run has begun.
        RecordError: nothing can be written down, so nothing is begun.
    """
    output_mode = spec.typed.output_mode
    begun = begin(spec)
    try:
        return _run(spec, begun, scenario, output_mode)
    finally:
        begun.journal.leave()


def _run(spec: RunSpec, begun: NewRun, scenario: CommandBody, output_mode: Output) -> int:
    settings, notifications = spec.loaded.settings, build_notifications(spec, begun)
    log = log_of(spec, output_mode, notifications.warnings)
    recipients = _with_log(notifications.recipients, log)
    broadcast = _renderers_of(spec, begun, recipients, output_mode)
    notifications.warnings.attach(broadcast)

    async def whole(tell: Tell, stop_asked: Callable[[], bool]) -> None:
        tell(begun.began(spec))
        async with AsyncExitStack() as stack:
            make = open_deploy if spec.deploys else open_site
            steering = Steering(takes_out=spec.takes_out)
            stopping = partial(_stop_asked, stop_asked, steering)
            site = await stack.enter_async_context(make(settings, stop_asked=stopping))
            site = replace(site, steering=steering, person=_person(spec))
            site = notifications.add_to(site, tell)
            site = trace(site, _tracing(begun, tell, verbose=spec.typed.verbose))
            if spec.cron and (which := spec.typed.which_file(spec.loaded)):
                tell(Noted(where="settings", what=which))
            if spec.left is not None:
                locking = take_over_lock(spec.left, begun, site, tell)
            else:
                locking = hold_lock(begun, _request_of(spec), site, tell)
            try:
                locked_run = await stack.enter_async_context(locking)
            except LockUnavailable as error:
                await _refuse(error, spec.look, site, tell)
                return
            await scenario(locked_run, tell)

    return run_with_signals(whole, broadcast)


def _renderers_of(
    spec: RunSpec, begun: NewRun, recipients: Recipients, output_mode: Output
) -> Broadcast:
    settings = spec.loaded.settings
    return renderers(
        output_mode,
        run=begun.run,
        environ=os.environ,
        cron=spec.cron,
        hints=NextStepCommands(
            reach=reach_of(settings),
            ssh=ssh_words(settings),
            see_current=see_current(settings),
            fleet=servers_of(settings),
            rollout=spec.typed.rollout,
            again=spec.typed.again(sys.argv[1:]),
        ),
        meanwhile=spec.meanwhile,
        usual=begun.history.usual_times,
        journal=begun.journal,
        recipients=recipients,
    )


def _with_log(recipients: Recipients, log: LogFile | None) -> Recipients:
    """Let the log file of the run, where there is one, hear of it as well."""
    if log is None:
        return recipients
    return Recipients((log, *recipients.listeners), (log, *recipients.deliveries))


def _request_of(spec: RunSpec) -> LockRequest:
    return replace(
        lock_request(spec.loaded.settings, spec.hosts, spec.typed.rollout),
        deploys=spec.deploys or spec.over_half_a_deploy,
        include_left_out=spec.include_left_out,
    )


async def _refuse(error: LockUnavailable, look: Look | None, site: Site, tell: Tell) -> None:
    """Say why the lock was not acquired, with all that a look finds: a look can change nothing."""
    finding = Finding(error.place, error.what, error.fix)
    if look is None:
        tell(RolloutRefused(findings=(finding,)))
    else:
        report_preflight(with_others(await look(look_only(site, error)), (finding,)), tell)


def looking_at(hosts: Sequence[str], hook: str = "") -> str:
    """Say what goes on until the first host is touched, or the setting ``hook`` runs."""
    then = f", then {hook} runs" if hook else ""
    return f"looking at {hosts_words(len(hosts))}{then}"


def _stop_asked(by_signal: Callable[[], bool], steering: Steering) -> bool:
    """Tell whether a signal or another shell asks for a stop.

    Not one for both: after an abort from another shell the first Ctrl-C is still the first.
    """
    return by_signal() or steering.stop_asked


def _person(spec: RunSpec) -> TerminalAnswer | None:
    """Return the operator at the terminal, where there is one to read the question and answer."""
    return TerminalAnswer() if can_ask(spec.typed, cron=spec.cron) else None


def _tracing(begun: NewRun, tell: Tell, *, verbose: bool) -> Say:
    """Return what writes into the log what is asked and answered, and tells it where wanted."""

    def say(where: str, what: str) -> None:
        begun.journal.trace(where, what)
        if verbose:
            tell(Noted(where=where, what=what))

    return say
