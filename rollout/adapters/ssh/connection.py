"""One connection to one host: dialled, its key judged, logged in; alive until cut."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace

from rollout.adapters.ssh.algorithms import choose, nothing_in_common
from rollout.adapters.ssh.auth_keys import KeysToTry, open_agent
from rollout.adapters.ssh.channel_end import PROHIBITED, ChannelRefused
from rollout.adapters.ssh.connect_tcp import ProxyWords, dial, run_proxy
from rollout.adapters.ssh.errors import NotAuthenticated, SshError, Unreachable, Unsupported
from rollout.adapters.ssh.force_close import ForceClose
from rollout.adapters.ssh.host_config import ResolvedHost
from rollout.adapters.ssh.host_key_policy import HostKeyPolicy
from rollout.adapters.ssh.import_paramiko import paramiko
from rollout.adapters.ssh.known_hosts import HostKey
from rollout.adapters.ssh.tcp_socket import TcpStream
from rollout.adapters.ssh.transport import Transport

LibraryErrors = (paramiko.SSHException, EOFError, OSError)
"""All that paramiko raises when a connection does not come about or ends."""

LATE = 0.2
"""Seconds after the deadline before all is cut: an error that says more than "late" comes first."""

OpenThrough = Callable[[str, int, float], paramiko.Channel]
"""Opens a channel from the jump host to an address and a port, within seconds."""


@dataclass(frozen=True, slots=True)
class Connection:
    """A logged-in connection; ``lifeline`` lets go of it whole."""

    host: ResolvedHost
    transport: Transport
    wire: TcpStream
    lifeline: ForceClose

    @property
    def alive(self) -> bool:
        return self.transport.is_active()

    def gives_a_sign(self, timeout: float) -> bool:
        """Whether the other side says anything at all; else it is as good as gone.

        A late answer is no proof of a dead peer: the deadline may have been short.
        """
        asked = time.monotonic()
        self.transport.ask_for_a_sign()
        pause = threading.Event()
        while self.alive and self.wire.heard < asked and time.monotonic() < asked + timeout:
            pause.wait(0.01)
        return self.alive and self.wire.heard >= asked


def connect(
    host: ResolvedHost, jump: OpenThrough | None, timeout: float, lifeline: ForceClose
) -> Connection:
    """Connect and log in; ``timeout`` seconds are for all of it, whatever the other side does.

    Raises:
        Unsupported: ssh is configured for what rollout cannot do; the host was not contacted.
        Unreachable: no connection, or no ssh behind it.
        HostKeyUnknown and its like: see ``trust``.
        NotAuthenticated: none of our keys was taken.
    """
    if host.unsupported is not None:
        raise Unsupported(host.name, *host.unsupported)
    offered = choose(host)
    late = Unreachable(host.name, f"no ssh session within {timeout:.3g}s", host.by_hand("-v"))
    with _cut_on_failure(lifeline), lifeline.limit(timeout + LATE, late):
        deadline = time.monotonic() + timeout
        with _told(host, lifeline):
            wire, words = _wire(host, jump, deadline, lifeline)
            lifeline.hold(wire.close)
        trusted = HostKeyPolicy(host)
        host_keys = trusted.known_first(offered.host_keys)
        transport = Transport(wire, replace(offered, host_keys=host_keys), host.rekey_bytes)
        lifeline.hold(transport.close)
        with _told(host, lifeline, words):
            transport.use_compression(host.compression)
            transport.banner_timeout = transport.auth_timeout = timeout + 2 * LATE
            transport.start_client(timeout=timeout + 2 * LATE)
            key = transport.get_remote_server_key()
        trusted.admit(HostKey(key.get_name(), key.asbytes()))
        with _told(host, lifeline, words):
            _log_in(transport, host, deadline)
            transport.set_keepalive(host.keepalive)
    return Connection(host, transport, wire, lifeline)


def _wire(
    host: ResolvedHost, jump: OpenThrough | None, deadline: float, lifeline: ForceClose
) -> tuple[TcpStream, ProxyWords | None]:
    if jump is not None:
        return TcpStream(jump(host.hostname, host.port, deadline - time.monotonic())), None
    if host.proxy_command:
        end, words = run_proxy(host, lifeline)
        lifeline.hold(words.close)
        return TcpStream(end), words
    return TcpStream(dial(host, deadline, lifeline)), None


def _log_in(transport: Transport, host: ResolvedHost, deadline: float) -> None:
    agent = open_agent(host, max(0.001, deadline - time.monotonic()))
    try:
        offers = KeysToTry(host, agent)
        for key, algorithms in offers:
            try:
                further = transport.log_in(host.user, key, algorithms)
            except paramiko.BadAuthenticationType as error:
                why = f"it takes only {', '.join(error.allowed_types)}"
                fix = f"let sshd on {host.name} take keys (PubkeyAuthentication yes)"
                raise _unwelcome(host, why, fix) from error
            except paramiko.AuthenticationException as error:
                if not transport.is_active():
                    raise _unwelcome(
                        host, f"it hung up; tried {offers.words()}", offers.fix
                    ) from error
                continue
            if further:
                raise _unwelcome(
                    host,
                    f"after our key it also wants {', '.join(further)}",
                    f"let sshd on {host.name} be content with a key (AuthenticationMethods)",
                )
            return
        raise _unwelcome(host, f"tried {offers.words()}", offers.fix)
    finally:
        if agent is not None:
            agent.close()


def _unwelcome(host: ResolvedHost, why: str, fix: str) -> NotAuthenticated:
    what = f"{host.user}@{host.hostname} did not accept our keys ({why})"
    return NotAuthenticated(host.name, what, fix)


@contextmanager
def _cut_on_failure(lifeline: ForceClose) -> Iterator[None]:
    try:
        yield
    except BaseException:
        lifeline.cut()
        raise


@contextmanager
def _told(
    host: ResolvedHost, lifeline: ForceClose, words: ProxyWords | None = None
) -> Iterator[None]:
    """Turn the library's errors into ours; what cut the lifeline explains them best."""
    try:
        yield
    except ChannelRefused as error:
        what = f"the jump host could not connect to {host.hostname} port {host.port}: {error}"
        fix = host.by_hand("-v")
        if error.refusal.code == PROHIBITED:
            jump = host.proxy_jump[-1] if host.proxy_jump else "the jump host"
            fix = f"AllowTcpForwarding yes in sshd_config of {jump} (and no PermitOpen against it)"
        raise Unreachable(host.name, what, fix) from error
    except SshError as error:
        raise lifeline.why or error from None
    except LibraryErrors as error:
        if lifeline.why is not None:
            raise lifeline.why from error
        if isinstance(error, paramiko.ssh_exception.IncompatiblePeer):
            raise nothing_in_common(host, str(error)) from error
        said = (words.last() if words is not None else "") or str(error) or "it hung up"
        via = f"through the proxy command {host.proxy_command!r}" if words is not None else "there"
        raise Unreachable(
            host.name,
            f"no ssh session with {host.hostname} {via}: {said}",
            host.by_hand("-v"),
        ) from error
