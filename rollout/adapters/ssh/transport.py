"""Paramiko's transport, with what it leaves out: sockets on the host, exit signals, refusals.

This file leans on names that paramiko calls private; every one of them is reached by a test
against a real sshd.  Source: paramiko 5.1 as installed; RFC 4254; OpenSSH's PROTOCOL, 2.4.
"""

import threading
from collections.abc import Callable
from typing import Any, ClassVar, Protocol

from paramiko.common import (
    MSG_CHANNEL_CLOSE,
    MSG_CHANNEL_FAILURE,
    MSG_CHANNEL_OPEN,
    MSG_CHANNEL_OPEN_FAILURE,
    MSG_CHANNEL_REQUEST,
    MSG_CHANNEL_WINDOW_ADJUST,
    cMSG_CHANNEL_REQUEST,
    cMSG_GLOBAL_REQUEST,
)
from paramiko.kex_curve25519 import KexCurve25519
from paramiko.packet import Packetizer

from rollout.adapters.ssh.algorithms import Algorithms
from rollout.adapters.ssh.channel_end import ChannelEvent, ChannelRefusal, ChannelRefused, ExitInfo
from rollout.adapters.ssh.import_paramiko import paramiko
from rollout.adapters.ssh.tcp_socket import TcpStream

HERE = ("127.0.0.1", 0)
"""Where a forwarded connection is said to come from; sshd only logs it."""

STREAMLOCAL = "direct-streamlocal@openssh.com"


class PublicKeyLogin(Protocol):
    """What paramiko asks of a key at login; a certificate, if any, is its ``public_blob``."""

    @property
    def public_blob(self) -> object: ...
    def get_name(self) -> str: ...
    def sign_ssh_data(self, data: bytes, algorithm: str | None = None) -> object: ...


class _Packets(Packetizer):
    def start_handshake(self, timeout: float) -> None:
        """Start no timer: our own deadline covers this, and theirs would hold up our exit."""


class Transport(paramiko.Transport):
    """One ssh connection over a :class:`TcpStream`, not yet started."""

    # How often its thread looks up from an idle socket.  Packets and our close() wake it at
    # once, so this is only a cost: at 0.1 s, 100 idle connections take 2.6 % of a core.
    _active_check_timeout = 1.0

    # The same exchange under the name of RFC 8731, which a configuration may well use alone.
    _kex_info: ClassVar[dict[str, Any]] = {
        **paramiko.Transport._kex_info,  # type: ignore[attr-defined]  # noqa: SLF001 - see the chapter title
        "curve25519-sha256": KexCurve25519,
    }

    def __init__(self, wire: TcpStream, algorithms: Algorithms, rekey_bytes: int = 0) -> None:
        self._algorithms = algorithms
        self._signing: tuple[str, ...] = ()
        super().__init__(wire, packetizer_class=_Packets)  # type: ignore[arg-type]  # like a socket
        if rekey_bytes:
            self.packetizer.REKEY_BYTES = min(rekey_bytes, self.packetizer.REKEY_BYTES)
        self._opening = threading.local()
        self._refused: dict[int, ChannelRefusal] = {}
        self._endings: dict[int, tuple[ExitInfo, ChannelEvent]] = {}
        self._handler_table: dict[int, Callable[[Any], None]]
        self._handler_table[MSG_CHANNEL_OPEN_FAILURE] = self._note_refusal
        known: dict[int, Callable[[Any, Any], None]] = paramiko.Transport._channel_handler_table  # type: ignore[attr-defined]  # noqa: SLF001 - see the chapter title
        self._channel_handler_table = {
            **known,
            MSG_CHANNEL_REQUEST: self._note_request(known[MSG_CHANNEL_REQUEST]),
            MSG_CHANNEL_WINDOW_ADJUST: self._note_window(known[MSG_CHANNEL_WINDOW_ADJUST]),
            MSG_CHANNEL_CLOSE: self._note("closed", known[MSG_CHANNEL_CLOSE]),
            MSG_CHANNEL_FAILURE: self._note("refused", known[MSG_CHANNEL_FAILURE]),
        }

    @property
    def preferred_keys(self) -> tuple[str, ...]:
        """Ask for plain host keys only: paramiko would take a certificate and never check it."""
        return self._algorithms.host_keys

    @property
    def preferred_kex(self) -> tuple[str, ...]:
        return self._algorithms.kex

    @property
    def preferred_ciphers(self) -> tuple[str, ...]:
        return self._algorithms.ciphers

    @property
    def preferred_macs(self) -> tuple[str, ...]:
        return self._algorithms.macs

    @property
    def preferred_pubkeys(self) -> tuple[str, ...]:
        return self._signing

    def log_in(self, user: str, key: PublicKeyLogin, algorithms: tuple[str, ...]) -> list[str]:
        """Show one key, signing by one of ``algorithms``; return what else the server wants.

        Raises:
            paramiko.AuthenticationException: the server does not take it.
        """
        self._signing = algorithms
        return self.auth_publickey(user, key)  # type: ignore[arg-type]  # all that it calls of a key

    def open(
        self,
        kind: str,
        timeout: float,
        *,
        path: str = "",
        dest_addr: tuple[str, int] | None = None,
    ) -> paramiko.Channel:
        """Open a channel; ``path`` names a socket on the host, ``dest_addr`` a port.

        Raises:
            ChannelRefused: the server said no.
            paramiko.SSHException, EOFError, OSError: no answer in time, or no connection.
        """
        self._opening.path, self._opening.number = path, None
        try:
            return self.open_channel(kind, timeout=timeout, dest_addr=dest_addr, src_addr=HERE)
        except paramiko.SSHException:
            refusal = self._refused.pop(self._opening.number, None)
            if refusal is None:
                raise
            raise ChannelRefused(refusal) from None

    def observer(self, channel: paramiko.Channel, bell: ChannelEvent) -> ExitInfo:
        """Ring ``bell`` for whatever happens on ``channel``; the ending fills itself in."""
        ending = ExitInfo()
        self._endings[channel.chanid] = ending, bell
        channel.status_event = bell  # type: ignore[assignment]  # set() is all paramiko calls
        channel.in_buffer.set_event(bell)  # type: ignore[arg-type]  # likewise, and clear()
        channel.in_stderr_buffer.set_event(bell)  # type: ignore[arg-type]  # likewise
        return ending

    def forget(self, channel: paramiko.Channel) -> None:
        self._endings.pop(channel.chanid, None)

    def execute(self, channel: paramiko.Channel, command: str) -> None:
        """Send the command without waiting for the reply, for which paramiko has no time limit."""
        channel._event_pending()  # type: ignore[attr-defined]  # noqa: SLF001 - see the chapter title
        request = self._request(channel, "exec", reply=True)
        request.add_string(command)
        self._send_user_message(request)

    def signal(self, channel: paramiko.Channel, name: str) -> None:
        """Send a signal to the command's process group (RFC 4254, 6.9; sshd 7.9 and later).

        Not after our own "close": sshd hangs up the whole connection at a request for a channel
        that it has forgotten ("server_input_channel_req: unknown channel", sshd 9.2).  paramiko
        answers the server's close under the channel's lock.
        """
        request = self._request(channel, "signal", reply=False)
        request.add_string(name)
        with channel.lock:
            if not channel.closed:
                self._send_user_message(request)

    def ask_for_a_sign(self) -> None:
        """Make the server say something, be it no; wait on ``TcpStream.heard`` for it."""
        request = paramiko.Message()
        request.add_byte(cMSG_GLOBAL_REQUEST)
        request.add_string("keepalive@openssh.com")
        request.add_boolean(True)  # noqa: FBT003 - paramiko's
        self._send_user_message(request)

    @staticmethod
    def _request(channel: paramiko.Channel, kind: str, *, reply: bool) -> paramiko.Message:
        request = paramiko.Message()
        request.add_byte(cMSG_CHANNEL_REQUEST)
        request.add_int(channel.remote_chanid)
        request.add_string(kind)
        request.add_boolean(reply)
        return request

    def _send_user_message(self, data: paramiko.Message) -> None:
        """Give a request for a channel the payload that paramiko's ``open_channel`` leaves out."""
        packet = data.asbytes()
        if packet[0] == MSG_CHANNEL_OPEN:
            opening = paramiko.Message(packet[1:])
            kind = opening.get_text()
            self._opening.number = opening.get_int()
            if kind == STREAMLOCAL:
                data.add_string(self._opening.path)
                data.add_string("")
                data.add_int(0)
        super()._send_user_message(data)  # type: ignore[misc]  # the stubs leave private names out

    def _note_refusal(self, message: paramiko.Message) -> None:
        number, code, said = message.get_int(), message.get_int(), message.get_text()
        self._refused[number] = ChannelRefusal(code, said)
        message.rewind()
        super()._parse_channel_open_failure(message)  # type: ignore[misc]  # likewise

    def _note_request(self, then: Callable[[Any, Any], None]) -> Callable[[Any, Any], None]:
        def note(channel: paramiko.Channel, message: paramiko.Message) -> None:
            ending, bell = self._endings.get(channel.chanid, (ExitInfo(), ChannelEvent()))
            at = message.packet.tell()
            kind = message.get_text()
            message.get_boolean()
            if kind == "exit-status":
                ending.status = message.get_int()
            elif kind == "exit-signal":
                ending.signal = message.get_text()
            message.packet.seek(at)
            then(channel, message)
            bell.set()

        return note

    def _note_window(self, then: Callable[[Any, Any], None]) -> Callable[[Any, Any], None]:
        def note(channel: paramiko.Channel, message: paramiko.Message) -> None:
            then(channel, message)
            if channel.chanid in self._endings:
                self._endings[channel.chanid][1].set()

        return note

    def _note(self, what: str, then: Callable[[Any, Any], None]) -> Callable[[Any, Any], None]:
        def note(channel: paramiko.Channel, message: paramiko.Message) -> None:
            if channel.chanid in self._endings:
                setattr(self._endings[channel.chanid][0], what, True)
            then(channel, message)

        return note
