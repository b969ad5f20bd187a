"""From settings to what tells others of a run: hooks, notices, silences, metrics."""

import asyncio
import os
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

from rollout.adapters.local.hooks import CommandHooks
from rollout.adapters.notify.hooks import EventHooks
from rollout.adapters.notify.outbox import Outbox
from rollout.adapters.notify.preflight import try_commands, try_textfile
from rollout.adapters.notify.silence import CommandSilencer
from rollout.adapters.notify.textfile import TextFile
from rollout.adapters.notify.webhook import post
from rollout.cli.new_run import NewRun
from rollout.cli.run_spec import RunSpec
from rollout.events import Noted
from rollout.model.fleet import Finding
from rollout.output.dispatcher import Broadcast
from rollout.output.messages import Recipients, Renderer, RunResult, StampedEvent
from rollout.output.metrics import Metrics
from rollout.output.notices import EndCommands, EventLines, Moment, Notices, RunName
from rollout.ports.site import Site, Tell
from rollout.settings.model import Settings
from rollout.settings.notify_model import an_address
from rollout.settings.secret import read

HOOKS = ("before", "host_out", "host_back", "failed", "after")
DISK_WITHIN = 2.0
"""Seconds that the end of a run waits for the file of the metrics."""


class Warnings:
    """Brings a warning from any thread into the events, or beside them once they have ended."""

    def __init__(self) -> None:
        self._tell: Callable[[str, str], None] | None = None
        self._beside: Callable[[str, str], None] = lambda _where, _what: None

    def listen(self, tell: Tell) -> None:
        """Tell warnings as events from now on, on the running loop."""
        loop = asyncio.get_running_loop()

        def hand_over(where: str, what: str) -> None:
            loop.call_soon_threadsafe(tell, Noted(where=where, what=what))

        self._tell = hand_over

    def attach(self, broadcast: Broadcast) -> None:
        """Say where warnings go that are no events any more."""
        self._beside = broadcast.warn

    def __call__(self, where: str, what: str) -> None:
        if (tell := self._tell) is not None:  # another thread may end the events meanwhile
            with suppress(RuntimeError):  # the loop has ended
                tell(where, what)
                return
        self._beside(where, what)

    def show(self, told: StampedEvent) -> None:
        """Do nothing; with :meth:`end` it is a renderer, which learns when the events end."""

    def end(self, ending: RunResult) -> None:
        """Take no further warning for an event."""
        del ending
        self._tell = None


@dataclass(frozen=True, slots=True)
class Notifications:
    """All that tells others of one run.

    Attributes:
        recipients: What listens to its events.
        warnings: Where their warnings go.
        hooks: The commands around it and its targets.
        silencer: What silences the monitoring; None where nothing does.
    """

    recipients: Recipients
    warnings: Warnings
    hooks: EventHooks
    silencer: CommandSilencer | None

    def add_to(self, site: Site, tell: Tell) -> Site:
        """Return the same world, with the operator's commands in it; warnings are told from now."""
        self.warnings.listen(tell)
        return replace(site, hooks=self.hooks, silencer=self.silencer)


def build_notifications(spec: RunSpec, begun: NewRun) -> Notifications:
    """Make all that tells others of a run."""
    settings, warnings, lines = spec.loaded.settings, Warnings(), EventLines()
    owner = begun.owner
    named = {"app": settings.app, "run": begun.run, "command": spec.verb, "reason": owner.reason}
    facts = {fact: text.replace("\0", "") for fact, text in named.items()}
    name = RunName(settings.app, spec.verb, begun.run, owner.who, owner.reason)
    said = settings.hooks
    commands = CommandHooks({hook: getattr(said, hook) for hook in HOOKS}, said.timeout, os.environ)
    hooks = EventHooks(commands, facts, lines.line_of)
    listeners: list[Renderer] = [warnings, lines]
    deliveries: list[Outbox] = []
    for listener, outbox in (
        _end_commands(hooks, said.timeout, warnings),
        _notices(settings, name, facts, warnings),
        _metrics(settings, spec.verb, warnings),
    ):
        if listener is not None:
            listeners.append(listener)
            deliveries.append(outbox)
    return Notifications(
        Recipients(listeners, deliveries), warnings, hooks, _silencer(settings, facts)
    )


def examine_notifications(settings: Settings) -> tuple[tuple[Finding, ...], tuple[Finding, ...]]:
    """Try out what tells others; nothing is run and nothing posted.

    Returns:
        What would keep a run from beginning, and what would only warn.
    """
    before = tuple(try_commands({"hooks.before": settings.hooks.before}))
    others = {f"hooks.{hook}": getattr(settings.hooks, hook) for hook in HOOKS if hook != "before"}
    others |= {"notify.command": settings.notify.command}
    others |= {f"silence.{name}": getattr(settings.silence, name) for name in ("begin", "end")}
    notes = [*try_commands(others)]
    if settings.metrics.textfile:
        notes += try_textfile(settings.metrics.textfile)
    try:
        _address(settings)
    except ValueError as error:
        notes.append(Finding("notify.webhook", str(error), ""))
    return before, tuple(notes)


def _address(settings: Settings) -> str:
    """Return where the webhook is; empty for none.

    Raises:
        ValueError: the file or the variable that holds it cannot be read, or holds no address.
    """
    webhook = settings.notify.webhook
    return an_address(read(webhook, os.environ).text) if webhook else ""


def _end_commands(hooks: EventHooks, timeout: float, warnings: Warnings) -> tuple[Renderer, Outbox]:
    outbox = Outbox("hooks", warnings)

    def run(hook: str, code: int, summary: str) -> None:
        def act() -> str:
            end = asyncio.run(hooks.run_with(hook, {"exit_code": str(code)}, summary))
            return "" if end is None or end.ok else f"{hook} failed: {end.message}"

        outbox.send(act, timeout)

    return EndCommands(run), outbox


def _notices(
    settings: Settings, name: RunName, facts: Mapping[str, str], warnings: Warnings
) -> tuple[Renderer | None, Outbox]:
    said, outbox = settings.notify, Outbox("notify", warnings)
    if not said.command and not said.webhook:
        return None, outbox
    commands = CommandHooks({"notify": said.command}, said.timeout, os.environ)
    hooks = EventHooks(commands, facts, lambda _: "")

    def deliver(moment: Moment, body: str) -> None:
        def command() -> str:
            end = asyncio.run(hooks.run_with("notify", {"moment": moment}, body))
            return "" if end is None or end.ok else f"the command failed: {end.message}"

        def webhook() -> str:
            try:
                address = _address(settings)
            except ValueError as error:
                return f"the webhook {error}"
            wrong = post(address, body, said.timeout)
            return f"the webhook failed: {wrong}" if wrong else ""

        if said.command:
            outbox.send(command, said.timeout)
        if said.webhook:
            outbox.send(webhook, said.timeout)

    return Notices(name, said.on, deliver), outbox


def _metrics(settings: Settings, verb: str, warnings: Warnings) -> tuple[Renderer | None, Outbox]:
    path, warned = settings.metrics.textfile, False
    outbox = Outbox("metrics", warnings, DISK_WITHIN)
    if not path:
        return None, outbox
    file = TextFile(Path(path))

    def write(render: Callable[[str], str]) -> None:
        def act() -> str:
            nonlocal warned
            try:
                file.update(render)
            except OSError as error:
                already, warned = warned, True
                return "" if already else f"{path} cannot be written: {error.strerror}"
            return ""

        outbox.send_latest(act, DISK_WITHIN)

    return Metrics(settings.app, verb, time.time, write), outbox


def _silencer(settings: Settings, facts: Mapping[str, str]) -> CommandSilencer | None:
    said = settings.silence
    if not said.begin:
        return None
    return CommandSilencer({"begin": said.begin, "end": said.end}, said.timeout, facts, os.environ)
