"""Runs one script on a connection, and comes back by its deadline whatever happens there.

It is a script for ``sh``: see :mod:`.login_shell`.

The command is over when the server tells its exit, not when its output ends: a child left in
the background may hold the pipe for ever.  At the deadline its process group gets TERM, then
KILL; a peer that shows no sign of life by then is given up with its whole connection.
"""

import time
from contextlib import suppress
from dataclasses import dataclass

from rollout.adapters.ssh.bounded_output import Bounded
from rollout.adapters.ssh.channel_end import ChannelEvent, ChannelRefused, ExitInfo
from rollout.adapters.ssh.connection import Connection, LibraryErrors
from rollout.adapters.ssh.errors import CommandTimedOut, ConnectionLost, SshError
from rollout.adapters.ssh.import_paramiko import paramiko
from rollout.adapters.ssh.login_shell import (
    LONGEST,
    AfterMark,
    bound,
    command_line,
    new_mark,
    refusal,
)

LAST_WORDS = 0.2
"""Seconds after the exit in which output still on its way may arrive."""

GRACE = 2.0
"""Seconds after the deadline for the command to die of TERM and KILL, and the peer to answer."""

HAMMER = 3.0
"""Seconds after the deadline at which the connection is cut from outside, come what may."""

CHUNK = 32_768

LONGEST_QUOTED = 160


@dataclass(frozen=True, slots=True)
class Result:
    """What a command did.

    Attributes:
        status: Its exit code; None when a signal ended it.
        out: Standard output, as UTF-8; bytes that are none are replaced.
        err: Standard error, likewise.
        truncated: The output was longer than the limit, and the middle of it is missing.
        seconds: From asking for it to knowing its end.
        signal: What ended it (``KILL``); empty when it ended by itself.
    """

    host: str
    command: str
    status: int | None
    out: str
    err: str
    truncated: bool
    seconds: float
    signal: str = ""

    @property
    def ok(self) -> bool:
        return self.status == 0


def open_session(connection: Connection, timeout: float) -> paramiko.Channel:
    """Open a channel for one command; as long as this fails, nothing was asked.

    Raises:
        ConnectionLost: no connection any more.
        SshError: the server opens no more sessions, or gives no answer.
    """
    host = connection.host.name
    try:
        return connection.transport.open("session", timeout)
    except ChannelRefused as error:
        what = f"sshd opens no further session on this connection: {error.refusal.said}"
        fix = f"on {host}: set MaxSessions 10 in /etc/ssh/sshd_config, then systemctl reload ssh"
        raise SshError(host, what, fix) from error
    except LibraryErrors as error:
        if connection.alive:
            if not connection.gives_a_sign(GRACE):
                connection.lifeline.cut(ConnectionLost(host, "no sign of life; hung up"))
            raise SshError(host, f"gave no session within {timeout:.3g}s") from error
        raise connection.lifeline.why or ConnectionLost(
            host, f"connection lost: {error}"
        ) from error


class RemoteCommand:
    """One command on one open session."""

    def __init__(
        self, connection: Connection, channel: paramiko.Channel, command: str, limit: int
    ) -> None:
        self._connection = connection
        self._channel = channel
        self._command = command
        self._mark = new_mark()
        self._after = AfterMark(self._mark), AfterMark(self._mark)
        self._out = Bounded(limit)
        self._err = Bounded(limit)
        self._bell = ChannelEvent()
        self._ending: ExitInfo = connection.transport.observer(channel, self._bell)
        self._began = time.monotonic()

    def hold(self, timeout: float, stdin: bytes | memoryview) -> Result:
        """Run the command to its end or its deadline.

        Raises:
            CommandTimedOut: it had not ended ``timeout`` seconds; by now it was told to.
            ConnectionLost: how far it got is not known.
            LoginShellFailed: the login shell did not run it.
        """
        transport = self._connection.transport
        line = self._line(timeout)
        self._channel.settimeout(0.0)
        try:
            transport.execute(self._channel, line)
            self._talk(stdin, self._began + timeout)
            if not self._over:
                self._stop()
                raise self._late(timeout)
            self._drain_until(time.monotonic() + LAST_WORDS)
        except LibraryErrors as error:
            raise self._lost() from error
        finally:
            transport.forget(self._channel)
            with suppress(*LibraryErrors):
                self._channel.close()
        return self._result()

    @property
    def _over(self) -> bool:
        return self._ending.told or self._channel.closed

    def _line(self, timeout: float) -> str:
        line = command_line(
            self._command, self._mark, bound(timeout, timeout + HAMMER, self._connection.host.user)
        )
        if len(line) > LONGEST:
            what = f"{spoken(self._command)} is {len(line)} bytes long; {LONGEST} can be sent"
            raise SshError(self._connection.host.name, what)
        return line

    def _talk(self, stdin: bytes | memoryview, until: float) -> None:
        """Feed the command and drain it, both at once: either alone may wait for the other."""
        pending = memoryview(stdin)
        open_for_more = True
        while not self._over and time.monotonic() < until:
            while pending and self._channel.send_ready() and not self._over:
                pending = pending[self._channel.send(bytes(pending[:CHUNK])) :]
            if open_for_more and not pending:
                self._channel.shutdown_write()
                open_for_more = False
            self._drain()
            if not self._over:
                self._bell.wait(until - time.monotonic())
        self._drain()

    def _drain(self) -> None:
        while self._channel.recv_ready():
            self._out.add(self._after[0].take(self._channel.recv(CHUNK)))
        self._drain_errors()

    def _drain_errors(self) -> None:
        while self._channel.recv_stderr_ready():
            self._err.add(self._after[1].take(self._channel.recv_stderr(CHUNK)))

    def _drain_until(self, until: float) -> None:
        """Take what is still on its way, to the end of both streams or ``until``."""
        self._drain()
        while not (self._channel.eof_received or self._channel.closed):
            if time.monotonic() >= until:
                return
            self._bell.wait(until - time.monotonic())
            self._drain()
        self._drain()

    def _stop(self) -> None:
        """Tell the command to end; give up the connection if nothing at all comes back."""
        connection, asked = self._connection, time.monotonic()
        connection.transport.ask_for_a_sign()
        for name in ("TERM", "KILL"):
            connection.transport.signal(self._channel, name)
            until = time.monotonic() + GRACE / 2
            while not self._over and time.monotonic() < until:
                self._bell.wait(until - time.monotonic())
                self._drain()
            if self._over:
                break
        if connection.wire.heard < asked:
            host = connection.host.name
            connection.lifeline.cut(ConnectionLost(host, "no sign of life; hung up", asked=True))

    def _late(self, timeout: float) -> CommandTimedOut:
        said = self._err.text().strip().rpartition("\n")[2]
        frozen = "" if self._connection.alive else "; the host shows no sign of life"
        if not (frozen or self._after[0].found):
            frozen = "; the login shell had not even begun it"
        if self._truncated:
            frozen, said = f"{frozen}; it printed more than is read", ""
        return CommandTimedOut(
            self._connection.host.name,
            f"{spoken(self._command)} had not ended after {timeout:.3g}s{frozen}"
            f"{said and f': {said}'}",
            asked=True,
        )

    @property
    def _truncated(self) -> bool:
        return bool(self._out.left_out or self._err.left_out)

    def _lost(self) -> SshError:
        why = self._connection.lifeline.why
        if why is not None:
            return type(why)(why.host, why.what, why.fix, asked=True)
        what = f"connection lost during {spoken(self._command)}; how far it got is not known"
        return ConnectionLost(self._connection.host.name, what, asked=True)

    def _result(self) -> Result:
        if self._ending.refused:
            raise SshError(
                self._connection.host.name, f"sshd refused to run {spoken(self._command)}"
            )
        if not (self._ending.told or self._ending.closed):
            raise self._lost()
        if not self._after[0].found:
            raise self._not_begun()
        return Result(
            host=self._connection.host.name,
            command=self._command,
            status=self._ending.status,
            out=self._out.text(),
            err=self._err.text(),
            truncated=self._truncated,
            seconds=time.monotonic() - self._began,
            signal=self._ending.signal,
        )

    def _not_begun(self) -> SshError:
        status, signal = self._ending.status, self._ending.signal
        host = self._connection.host
        return refusal(
            (host.name, host.user),
            f"killed by SIG{signal}" if signal else f"exit {status}",
            (self._after[0].noise(), self._after[1].noise()),
            asked=not self._channel.eof_received,
        )


def spoken(command: str) -> str:
    """Name a command in a sentence: a short one by itself, a script only as what it is.

    What it does is nothing to read at night, and among its words may be an address with a token.
    """
    short = len(command) <= LONGEST_QUOTED and "\n" not in command
    return f"`{command}`" if short else "a script of rollout's"
