"""Asking an instance's own port, on its own host: the only proof that it can serve.

The question travels through the ssh connection we already have, so nothing needs to be installed
on the host and the port may listen on its loopback only.  Where sshd forbids forwarding, the
host asks for us (curl; bash or nc for bare TCP).
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Protocol

from rollout.adapters.probe import by_command as by_exec
from rollout.adapters.probe.http import Stream, ask_http
from rollout.adapters.probe.request import Question, question_of
from rollout.adapters.probe.tls import TlsStream
from rollout.adapters.ssh.errors import ForwardingRefused, NothingListens
from rollout.model.fleet import Instance
from rollout.ports.commands import CommandResult, InThread
from rollout.ports.site import CheckResult

EXEC_GRACE = 3.0  # for the shell around the question, beyond the question's own deadline


class Resolved(Protocol):
    """Where ssh goes for a host."""

    @property
    def hostname(self) -> str: ...


class Way(Protocol):
    """What a probe needs of ssh."""

    def run(self, host: str, command: str, *, timeout: float) -> CommandResult: ...

    def open_port(self, host: str, address: str, port: int, *, timeout: float) -> Stream: ...

    def open_socket(self, host: str, path: str, *, timeout: float) -> Stream: ...

    def resolve(self, host: str) -> Resolved:
        """Say where the host's ssh settings lead."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ProbeOptions:
    """What the operator says about the probe.

    Attributes:
        template: ``http://127.0.0.1:{port}/up``, ``tcp://{host}:{port}`` or, on a UNIX socket,
            ``http://unix:/run/{instance}.sock:/up``, as seen from the host; ``{host}`` is the
            address ssh goes to, ``{instance}`` the name of the instance.
        timeout: Seconds for one whole question and answer.
        name: The ``Host`` header, and the server's name for TLS; empty: as the template says.
        ports_setting: The table of the settings that says where instances listen.
    """

    template: str
    timeout: float = 2.0
    name: str = ""
    ports_setting: str = "ports"


class PortProber:
    """Satisfies :class:`rollout.ports.site.Prober`; ``way`` is ssh.

    Raises:
        SettingsError: the template cannot be a probe.
    """

    def __init__(self, way: Way, options: ProbeOptions, in_thread: InThread) -> None:
        self._way = way
        self._template = options.template
        self._in_thread = in_thread
        self._timeout = options.timeout
        self._name = options.name
        self._ports_setting = options.ports_setting
        self._no_forwarding: set[str] = set()
        question_of(self._template, host="host", instance=Instance("name", 1))

    async def answers(self, host: str, instance: Instance) -> CheckResult:
        """Ask once.

        Raises:
            RemoteError: ssh failed, so nothing is known about the instance.
        """
        return await self._in_thread(lambda: self._ask(host, instance))

    def _ask(self, host: str, instance: Instance) -> CheckResult:
        if not instance.port and "{port}" in self._template:
            what = f"the port of {instance.name} is not known"
            return CheckResult(ok=False, message=what, fix=self._set_ports(instance))
        address = self._way.resolve(host).hostname if "{host}" in self._template else host
        question = question_of(self._template, address, instance)
        answer = self._answer_of(host, question)
        if answer.ok:
            return answer
        return CheckResult(
            ok=False, message=answer.message, fix=self._fix(answer, question, instance)
        )

    def _answer_of(self, host: str, question: Question) -> CheckResult:
        if host not in self._no_forwarding:
            try:
                return self._through_the_connection(host, question)
            except ForwardingRefused:
                self._no_forwarding.add(host)
        return self._on_the_host(host, question)

    def _through_the_connection(self, host: str, question: Question) -> CheckResult:
        deadline = time.monotonic() + self._timeout
        opening: Callable[..., Stream] = partial(
            self._way.open_port, host, question.address, question.port
        )
        if question.socket:
            opening = partial(self._way.open_socket, host, question.socket)
        try:
            stream = opening(timeout=self._timeout)
        except NothingListens as error:
            silent = f"nothing listens on {question.place}"
            return CheckResult(ok=False, message=error.what if question.socket else silent)
        try:
            if question.path is None:
                return CheckResult(ok=True, message=f"connected to {question.place}")
            left = max(0.01, deadline - time.monotonic())
            fine, said = self._ask_http(stream, question, question.path, left)
        finally:
            stream.close()
        return CheckResult(ok=fine, message=f"{question.url}: {said}")

    def _ask_http(
        self, stream: Stream, question: Question, path: str, timeout: float
    ) -> tuple[bool, str]:
        deadline = time.monotonic() + timeout
        if question.tls:
            try:
                stream = TlsStream(stream, _server_name(self._name), timeout)
            except TimeoutError:
                return False, f"no TLS handshake within {timeout:.3g}s"
            except OSError as error:
                return False, f"no TLS there ({getattr(error, 'reason', '') or error})"
        left = max(0.01, deadline - time.monotonic())
        return ask_http(stream, self._name or question.authority, path, timeout=left)

    def _on_the_host(self, host: str, question: Question) -> CheckResult:
        grace = self._timeout + EXEC_GRACE
        if question.path is None:
            script = by_exec.connect_script(question, self._timeout)
            result = self._way.run(host, script, timeout=grace)
            fine, said = by_exec.connect_answer(result.status, result.err)
        else:
            script = by_exec.http_script(question, self._name, self._timeout)
            result = self._way.run(host, script, timeout=grace)
            fine, said = by_exec.http_answer(result.status, result.out, result.err)
        return CheckResult(ok=fine, message=f"{question.url}: {said}")

    def _fix(self, answer: CheckResult, question: Question, instance: Instance) -> str:
        """Name the setting that this very answer points to; empty where none does."""
        if by_exec.CANNOT_ASK in answer.message:
            return "apt install curl there, or let its sshd forward"
        code = answer.message.removeprefix(f"{question.url}: ").partition(" ")[0]
        if code in OF_THE_NAME and not self._name:
            return (
                'does the app answer only by its name?  Set restart.probe_host = "NAME", which is '
                "sent as the Host header; else is restart.probe right for it?"
            )
        if code == "400" and not question.tls and question.path is not None:
            return "does it speak TLS?  Then restart.probe begins with https://"
        if "{port}" in self._template and not code.isdecimal():
            return f"is restart.probe right for it?  {self._set_ports(instance, question.port)}"
        return ""

    def _set_ports(self, instance: Instance, guessed: int = 0) -> str:
        """Say where a port comes from: it is read off the instance's name unless it is said."""
        line = f"[{self._ports_setting}] {instance.name} = PORT"
        return f"or is {guessed} not its port?  Then set {line}" if guessed else f"set {line}"


OF_THE_NAME = frozenset({"400", "403", "404", "421"})
"""What apps answer to a ``Host`` that they do not know (Rails 403, Django 400, nginx 404, 421)."""


def _server_name(name: str) -> str:
    """Return the name for TLS of a ``Host`` header: an address, or a port, is none."""
    host = name.rpartition(":")[0] if name.count(":") == 1 else name
    return "" if ":" in host or host.replace(".", "").isdigit() else host
