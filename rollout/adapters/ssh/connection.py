"""One connection to one host: dialled, its key judged, logged in; alive until cut."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from rollout.adapters.ssh.config import ResolvedHost
from rollout.adapters.ssh.dial import ProxyWords, dial, run_proxy
from rollout.adapters.ssh.errors import NotAuthenticated, SshError, Unreachable
from rollout.adapters.ssh.keys import Offers, open_agent
from rollout.adapters.ssh.known_hosts import HostKey
from rollout.adapters.ssh.lean import paramiko
from rollout.adapters.ssh.lifeline import Lifeline
from rollout.adapters.ssh.transport import ChannelRefused, Transport
from rollout.adapters.ssh.trust import Trusted
from rollout.adapters.ssh.watchdog import Watchdog
from rollout.adapters.ssh.wire import Wire

LibraryErrors = (paramiko.SSHException, EOFError, OSError)
"""All that paramiko raises when a connection does not come about or ends."""

LATE = 0.2
"""Seconds after the deadline before all is cut: whoever knows better than "late" speaks first."""

OpenThrough = Callable[[str, int, float], paramiko.Channel]
"""Opens a channel from the jump host to an address and a port, within seconds."""


@dataclass(frozen=True, slots=True)
class Connection:
    """A logged-in connection; ``lifeline`` lets go of it whole."""

    host: ResolvedHost
    transport: Transport
    wire: Wire
    lifeline: Lifeline

    @property
    def alive(self) -> bool:
        return self.transport.is_active()

    def gives_a_sign(self, within: float) -> bool:
        """Whether the other side says anything at all; else it is as good as gone.

        A late answer is no proof of a dead peer: the deadline may have been short.
        """
        asked = time.monotonic()
        self.transport.ask_for_a_sign()
        pause = threading.Event()
        while self.alive and self.wire.heard < asked and time.monotonic() < asked + within:
            pause.wait(0.01)
        return self.alive and self.wire.heard >= asked


def connect(
    host: ResolvedHost,
    jump: OpenThrough | None,
    within: float,
    lifeline: Lifeline,
    watchdog: Watchdog,
) -> Connection:
    """Connect and log in; ``within`` seconds are for all of it, whatever the other side does.

    Raises:
        Unreachable: no connection, or no ssh behind it.
        HostKeyUnknown, HostKeyChanged, HostKeyRevoked: see ``trust``.
        NotAuthenticated: none of our keys was taken.
    """
    late = Unreachable(
        host.name, f"no ssh session within {within:.3g}s", f"ssh -v {host.name} true"
    )
    with _cut_on_failure(lifeline), watchdog.limit(within + LATE, lambda: lifeline.cut(late)):
        deadline = time.monotonic() + within
        with _told(host, lifeline):
            wire, words = _wire(host, jump, deadline, lifeline)
            lifeline.hold(wire.close)
        trusted = Trusted(host)
        transport = Transport(wire, trusted.algorithms())
        lifeline.hold(transport.close)
        with _told(host, lifeline, words):
            transport.use_compression(host.compression)
            transport.banner_timeout = transport.auth_timeout = within + 2 * LATE
            transport.start_client(timeout=within + 2 * LATE)
            offered = transport.get_remote_server_key()
        trusted.admit(HostKey(offered.get_name(), offered.asbytes()))
        with _told(host, lifeline, words):
            _log_in(transport, host, deadline)
            transport.set_keepalive(host.keepalive)
    return Connection(host, transport, wire, lifeline)


def _wire(
    host: ResolvedHost, jump: OpenThrough | None, deadline: float, lifeline: Lifeline
) -> tuple[Wire, ProxyWords | None]:
    if jump is not None:
        return Wire(jump(host.hostname, host.port, deadline - time.monotonic())), None
    if host.proxy_command:
        end, words = run_proxy(host, lifeline)
        lifeline.hold(words.close)
        return Wire(end), words
    return Wire(dial(host, deadline, lifeline)), None


def _log_in(transport: Transport, host: ResolvedHost, deadline: float) -> None:
    agent = open_agent(host, max(0.001, deadline - time.monotonic()))
    try:
        offers = Offers(host, agent)
        for key in offers:
            try:
                further = transport.auth_publickey(host.user, key)
            except paramiko.BadAuthenticationType as error:
                raise _unwelcome(host, f"it takes only {', '.join(error.allowed_types)}") from error
            except paramiko.AuthenticationException as error:
                if not transport.is_active():
                    raise _unwelcome(
                        host, "it hung up; tried " + "; ".join(offers.tried)
                    ) from error
                continue
            if further:
                raise _unwelcome(host, f"after our key it also wants {', '.join(further)}")
            return
        raise _unwelcome(host, "tried " + ("; ".join(offers.tried) or "nothing: there is no key"))
    finally:
        if agent is not None:
            agent.close()


def _unwelcome(host: ResolvedHost, why: str) -> NotAuthenticated:
    return NotAuthenticated(
        host.name,
        f"{host.user}@{host.hostname} did not accept our keys ({why})",
        f"ssh -o BatchMode=yes {host.name} true; ssh-copy-id, ssh-add, or IdentityFile",
    )


@contextmanager
def _cut_on_failure(lifeline: Lifeline) -> Iterator[None]:
    try:
        yield
    except BaseException:
        lifeline.cut()
        raise


@contextmanager
def _told(
    host: ResolvedHost, lifeline: Lifeline, words: ProxyWords | None = None
) -> Iterator[None]:
    """Turn the library's errors into ours; what cut the lifeline explains them best."""
    try:
        yield
    except ChannelRefused as error:
        what = f"the jump host could not connect to {host.hostname} port {host.port}: {error}"
        raise Unreachable(host.name, what, f"ssh -v {host.name} true") from error
    except SshError as error:
        raise lifeline.why or error from None
    except LibraryErrors as error:
        if lifeline.why is not None:
            raise lifeline.why from error
        said = (words.last() if words is not None else "") or str(error) or "it hung up"
        via = f"through the proxy command {host.proxy_command!r}" if words is not None else "there"
        raise Unreachable(
            host.name,
            f"no ssh session with {host.hostname} {via}: {said}",
            f"ssh -v {host.name} true",
        ) from error
