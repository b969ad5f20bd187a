"""Asking an instance's own port, on its own host: the only proof that it can serve.

The question travels through the ssh connection we already have, so nothing needs to be installed
on the host and the port may listen on its loopback only.  Where sshd forbids forwarding, the
host asks for us (curl; bash or nc for bare TCP).
"""

import time
from dataclasses import dataclass
from string import Formatter
from typing import Protocol
from urllib.parse import quote, urlsplit

from rollout.adapters import probe_by_exec as by_exec
from rollout.adapters.http_once import Stream, ask_http
from rollout.adapters.monit.answers import Said
from rollout.adapters.ssh.errors import ForwardingRefused, NothingListens
from rollout.adapters.supervisor import Threads
from rollout.errors import SettingsError
from rollout.fleet import Instance
from rollout.ports import Answer

PLACEHOLDERS = ("host", "instance", "port")
EXEC_GRACE = 3.0  # for the shell around the question, beyond the question's own deadline


class Resolved(Protocol):
    """Where ssh goes for a host."""

    @property
    def hostname(self) -> str: ...


class Way(Protocol):
    """What a probe needs of ssh."""

    def run(self, host: str, command: str, *, within: float) -> Said: ...

    def open_port(self, host: str, address: str, port: int, *, within: float) -> Stream: ...

    def resolve(self, host: str) -> Resolved:
        """Say where the host's ssh settings lead."""


@dataclass(frozen=True, slots=True)
class Question:
    """One template, filled in: where to connect and, for HTTP, what to ask there."""

    url: str
    address: str
    port: int
    path: str | None
    """None for bare TCP."""

    @property
    def place(self) -> str:
        return f"{_bracketed(self.address)}:{self.port}"


class PortProber:
    """Satisfies :class:`rollout.ports.Prober`.

    Args:
        way: ssh.
        template: ``http://127.0.0.1:{port}/up`` or ``tcp://{host}:{port}``, as seen from the
            host; ``{host}`` is the address ssh goes to, ``{instance}`` monit's name.
        in_thread: Where blocking work is done.
        within: Seconds for one whole question and answer.

    Raises:
        SettingsError: the template cannot be a probe.
    """

    def __init__(self, way: Way, template: str, in_thread: Threads, within: float = 2.0) -> None:
        self._way = way
        self._template = template
        self._in_thread = in_thread
        self._within = within
        self._no_forwarding: set[str] = set()
        question_of(template, host="host", instance=Instance("name", 1))

    async def answers(self, host: str, instance: Instance) -> Answer:
        """Ask once.

        Raises:
            RemoteError: ssh failed, so nothing is known about the instance.
        """
        return await self._in_thread(lambda: self._ask(host, instance))

    def _ask(self, host: str, instance: Instance) -> Answer:
        if not instance.port and "{port}" in self._template:
            return Answer(fine=False, said=f"the port of {instance.name} is not known")
        address = self._way.resolve(host).hostname if "{host}" in self._template else host
        question = question_of(self._template, address, instance)
        if host not in self._no_forwarding:
            try:
                return self._through_the_connection(host, question)
            except ForwardingRefused:
                self._no_forwarding.add(host)
        return self._on_the_host(host, question)

    def _through_the_connection(self, host: str, question: Question) -> Answer:
        deadline = time.monotonic() + self._within
        try:
            stream = self._way.open_port(host, question.address, question.port, within=self._within)
        except NothingListens:
            return Answer(fine=False, said=f"nothing listens on {question.place}")
        try:
            if question.path is None:
                return Answer(fine=True, said=f"connected to {question.place}")
            left = max(0.01, deadline - time.monotonic())
            fine, said = ask_http(stream, question.place, question.path, within=left)
        finally:
            stream.close()
        return Answer(fine=fine, said=f"{question.url}: {said}")

    def _on_the_host(self, host: str, question: Question) -> Answer:
        if question.path is None:
            script = by_exec.tcp_script(question.address, question.port, self._within)
            result = self._way.run(host, script, within=self._within + EXEC_GRACE)
            fine, said = by_exec.tcp_answer(result.status, result.err)
        else:
            script = by_exec.http_script(question.url, self._within)
            result = self._way.run(host, script, within=self._within + EXEC_GRACE)
            fine, said = by_exec.http_answer(result.status, result.out, result.err)
        return Answer(fine=fine, said=f"{question.url}: {said}")


def question_of(template: str, host: str, instance: Instance) -> Question:
    """Fill in a template.

    Raises:
        SettingsError: an unknown placeholder or scheme, no host, or no port.
    """
    try:
        unknown = {name for _, name, _, _ in Formatter().parse(template) if name is not None}
        unknown -= set(PLACEHOLDERS)
        if unknown:
            known = ", ".join(f"{{{name}}}" for name in PLACEHOLDERS)
            raise SettingsError([f"probe: {{{min(unknown)}}} is not one of {known}"])
        url = template.format(
            host=_bracketed(host), port=instance.port, instance=quote(instance.name, safe="")
        )
        parts = urlsplit(url)
        port = parts.port or {"http": 80}.get(parts.scheme)
    except ValueError as error:
        raise SettingsError([f"probe: {template}: {error}"]) from error
    if parts.scheme not in {"http", "tcp"} or not parts.hostname or not port:
        raise SettingsError([f"probe: {template}: wants http://HOST:PORT/PATH or tcp://HOST:PORT"])
    path = quote(parts.path or "/", safe="/%:@!$&'()*+,;=~") + (
        f"?{quote(parts.query, safe='/%:@!$&()*+,;=~?')}" if parts.query else ""
    )
    return Question(url, parts.hostname, port, path if parts.scheme == "http" else None)


def _bracketed(address: str) -> str:
    return f"[{address}]" if ":" in address and not address.startswith("[") else address
