"""Where a host is: its name as ssh spells it, and the addresses that the resolver has for that."""

import asyncio
import socket
from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType

from rollout.adapters.local.thread_pool import Pool
from rollout.model.errors import RemoteError

AT_ONCE = 16


class SshAddresses:
    """Satisfies :class:`rollout.ports.site.Addresses`.

    Args:
        resolve: Says under which name ssh goes to a host; may block.  An alias is in no DNS.
        pool: Where the resolver may block; used for nothing else, and with ``at_once`` threads.
        needed: Server lines are found by address.  If not, a name that only a jump host knows is
            no error, and has no addresses.
        timeout: Seconds for one host, from its turn on: a slow resolver and 200 hosts are not late.
        at_once: So many hosts have their turn together.
        said: Hosts whose addresses HAProxy knows better than the resolver; it is not asked.
    """

    def __init__(
        self,
        resolve: Callable[[str], str],
        pool: Pool,
        *,
        needed: bool = True,
        timeout: float = 10.0,
        at_once: int = AT_ONCE,
        said: Mapping[str, Sequence[str]] = MappingProxyType({}),
    ) -> None:
        self._said = said
        self._turns = asyncio.Semaphore(at_once)
        self._resolve = resolve
        self._pool = pool
        self._needed = needed
        self._timeout = timeout

    async def addresses(self, host: str) -> tuple[str, ...]:
        """List the IP addresses of ``host``, without brackets or zones, each once.

        Raises:
            RemoteError: ssh's settings for it make no sense, or the resolver knows none in time.
        """
        if host in self._said:
            return tuple(self._said[host])
        try:
            async with self._turns, asyncio.timeout(self._timeout):
                return await self._pool.call(self._look_up, host)
        except TimeoutError:
            what = f"the resolver did not answer within {self._timeout:g}s"
            raise RemoteError(host, what, "is the name server reachable from here?") from None

    def _look_up(self, host: str) -> tuple[str, ...]:
        name = self._resolve(host)
        try:
            found = socket.getaddrinfo(name, None, type=socket.SOCK_STREAM)
        except (socket.gaierror, UnicodeError) as error:
            if not self._needed:
                return ()
            why = error.strerror if isinstance(error, socket.gaierror) else "not a host name"
            fix = "is it spelled right?  Else give it a HostName in ~/.ssh/config"
            raise RemoteError(host, f"{name} has no address: {why}", fix) from error
        return tuple(dict.fromkeys(str(place[0]).partition("%")[0] for *_, place in found))
