"""The connections of one run: one for each host, made once, made again only when lost."""

import threading
import time
from concurrent.futures import Future
from dataclasses import dataclass, replace

from rollout.adapters.ssh.config import resolve
from rollout.adapters.ssh.connection import Connection, OpenThrough, connect
from rollout.adapters.ssh.errors import Closed, NotConfigured, SshError, Unreachable
from rollout.adapters.ssh.force_close import ForceClose
from rollout.adapters.ssh.host_config import ResolvedHost, SshOptions, config_file
from rollout.adapters.ssh.import_paramiko import paramiko
from rollout.adapters.ssh.watchdog import Watchdog

MOST_JUMPS = 8
"""More jump hosts in a row are a circle in the configuration."""


@dataclass(frozen=True, slots=True)
class Destination:
    """Where a connection leads: a host by its name, or a jump host as ProxyJump spells it."""

    host: str
    options: SshOptions
    jumps: tuple[str, ...] = ()
    """The jump hosts to use in place of the host's own; only for a hop of a longer chain."""
    depth: int = 0


class ConnectionPool:
    """Connections and resolved names, shared by all threads of a run."""

    def __init__(self, options: SshOptions, watchdog: Watchdog) -> None:
        self._options = options
        self._watchdog = watchdog
        self._lock = threading.Lock()
        self._resolved: dict[tuple[str, SshOptions], ResolvedHost] = {}
        self._connections: dict[Destination, Future[Connection]] = {}
        self._lifelines: list[ForceClose] = []
        self._closed = False

    def resolve(self, host: str, options: SshOptions | None = None) -> ResolvedHost:
        """Ask ssh about a host, once per run."""
        key = (host, options or self._options)
        with self._lock:
            known = self._resolved.get(key)
        if known is None:
            known = resolve(*key)
            with self._lock:
                self._resolved[key] = known
        return known

    def get(self, host: str, timeout: float) -> Connection:
        """Give the live connection to ``host``, made now if need be.

        Threads that ask while it is being made wait for that one attempt, and share its
        failure; the next to ask tries anew.
        """
        return self._get(Destination(host, self._options), time.monotonic() + timeout)

    def cut(self) -> None:
        """Let go of every connection and every attempt; each call that waits is released."""
        with self._lock:
            self._closed = True
            lifelines, self._lifelines = self._lifelines, []
        for lifeline in lifelines:
            lifeline.cut(Closed("ssh", "closed by us"))

    def _get(self, place: Destination, deadline: float) -> Connection:
        while True:
            future, ours = self._claim(place)
            if ours:
                self._make(place, future, deadline)
            try:
                connection = future.result(max(0.0, deadline - time.monotonic()))
            except TimeoutError:
                raise Unreachable(place.host, "still connecting at the deadline") from None
            if ours or connection.alive:
                return connection

    def _claim(self, place: Destination) -> tuple[Future[Connection], bool]:
        """Find the attempt or the connection to share; True when we are the ones to make it."""
        with self._lock:
            if self._closed:
                raise Closed(place.host, "closed by us")
            future = self._connections.get(place)
            if future is not None and not _gone(future):
                return future, False
            lost, future = future, Future()
            self._connections[place] = future
        if lost is not None and lost.exception() is None:
            lost.result().lifeline.cut()  # its socket, and the process of its proxy
        return future, True

    def _make(self, place: Destination, future: "Future[Connection]", deadline: float) -> None:
        lifeline = ForceClose(self._watchdog)
        with self._lock:
            self._lifelines = [line for line in self._lifelines if not line.is_cut]
            self._lifelines.append(lifeline)
            if self._closed:
                lifeline.cut(Closed(place.host, "closed by us"))
        try:
            future.set_result(self._connect(place, deadline, lifeline))
        except BaseException as error:  # noqa: BLE001 - each call that shares the attempt raises it
            lifeline.cut()
            future.set_exception(error)

    def _connect(self, place: Destination, deadline: float, lifeline: ForceClose) -> Connection:
        host = self.resolve(place.host, place.options)
        jumps = place.jumps or host.proxy_jump
        deadline = min(deadline, time.monotonic() + host.connect_timeout)
        jump = self._through(host, jumps, place.depth, deadline) if jumps else None
        timeout = deadline - time.monotonic()
        if timeout <= 0:
            what = f"no time was left to connect ({-timeout:.3g}s too late)"
            raise Unreachable(host.name, what, "was this process stopped? run it again")
        return connect(host, jump, timeout, lifeline)

    def _through(
        self, host: ResolvedHost, jumps: tuple[str, ...], depth: int, deadline: float
    ) -> OpenThrough:
        """Connect to the last jump host, through those before it."""
        if depth >= MOST_JUMPS:
            fix = f"look at ProxyJump in {config_file(self._options)}"
            raise NotConfigured(host.name, "ProxyJump goes in a circle", fix)
        place = self._jump_place(jumps[-1], jumps[:-1], depth + 1)
        try:
            jump = self._get(place, deadline)
        except SshError as error:
            what = f"jump host {error}"
            raise type(error)(host.name, what, error.fix) from error

        def open_through(address: str, port: int, timeout: float) -> paramiko.Channel:
            opened = max(0.001, timeout)
            return jump.transport.open("direct-tcpip", opened, dest_addr=(address, port))

        return open_through

    def _jump_place(self, spec: str, before: tuple[str, ...], depth: int) -> Destination:
        """Read ``[user@]host[:port]`` or ``ssh://...``; our own user is not for jump hosts."""
        user, _, where = spec.removeprefix("ssh://").rpartition("@")
        name, colon, port = where.rpartition(":")
        if not colon or (":" in name and not name.endswith("]")):
            name, port = where, ""
        extra = tuple(o for o in self._options.extra if not o.lower().startswith("port"))
        options = replace(
            self._options,
            user=user or None,
            extra=(*extra, f"Port={port}") if port else extra,
        )
        return Destination(name.strip("[]"), options, before, depth)


def _gone(future: "Future[Connection]") -> bool:
    """Whether an attempt ended in failure or its connection has died since."""
    if not future.done():
        return False
    return future.exception() is not None or not future.result().alive
