"""The sockets of haproxyadmin, with a limit for a reply and one deadline for a conversation.

haproxyadmin reads until the other side closes; its timeout counts for each ``recv``.  A socket
that never stops took 576 MB in 5 s, and the thread that read it went on after our deadline.
"""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from haproxyadmin import utils
from haproxyadmin.internal import haproxy

from rollout.adapters.haproxy.socket_proxy import LARGEST_REPLY, TOO_LONG
from rollout.adapters.local.deadline import seconds_left

_conversation = threading.local()


@contextmanager
def ends_at(deadline: float) -> Iterator[None]:
    """End what this thread asks by haproxyadmin at ``deadline``, in seconds of the monotonic clock.

    Raises:
        TimeoutError: within the block, at that time; the socket is closed then.
        OSError: within the block, where a reply is longer than LARGEST_REPLY.
    """
    _conversation.deadline = deadline
    try:
        yield
    finally:
        del _conversation.deadline


class BoundedSocket(socket.socket):
    """A socket that is its own file for reading, as far as haproxyadmin uses one."""

    def makefile(self, *_: Any, **__: Any) -> Any:  # noqa: ANN401 - what it overrides takes more
        return self

    def read(self) -> str:
        """Read to the end of the reply; within :func:`ends_at` only."""
        reply = bytearray()
        while True:
            self.settimeout(seconds_left(_conversation.deadline))
            data = self.recv(65536)
            if not data:
                return reply.decode()
            reply += data
            if len(reply) > LARGEST_REPLY:
                raise OSError(TOO_LONG)


class _Sockets:
    """The module ``socket`` for haproxyadmin: the standard one, but for the class."""

    socket = BoundedSocket

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - whatever the module has
        return getattr(socket, name)


for _module in (haproxy, utils):
    _module.socket = _Sockets()
