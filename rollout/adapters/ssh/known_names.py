"""The names of hosts that ssh's own files have, and where each leads."""

import asyncio
import glob
import ipaddress
import re
import shlex
import socket
from collections.abc import Iterator, Sequence
from pathlib import Path

from rollout.adapters.local.thread_pool import Pool
from rollout.adapters.ssh import known_hosts
from rollout.adapters.ssh.addresses import SshAddresses
from rollout.adapters.ssh.client import Ssh
from rollout.model.errors import RolloutError
from rollout.ports.discovery import HostName, NameSource

NAME = re.compile(r"[A-Za-z0-9_.:][A-Za-z0-9_.:-]*")
"""What may be the name of a host in the settings; it cannot be taken for an option of ssh."""

KEYWORD = re.compile(r"([A-Za-z0-9]+)(?:\s*=\s*|\s+)(.*)")
"""As ssh_config(5) has it: white space, or one ``=``, before the value."""

MOST = 2000
"""So many names of each kind are looked at; more are another company's known_hosts."""

LARGEST_FILE = 4 << 20
MOST_INCLUDES = 16
RESOLVE_WITHIN = 30.0
"""Seconds for all names together."""


class SshHostNames:
    """Satisfies :class:`rollout.ports.discovery.HostNames`.

    Args:
        ssh: Says where a name leads.
        config: The file that was given in place of ssh's own; None: ssh's own.
        pool: Where the resolver may block.
    """

    def __init__(self, ssh: Ssh, config: Path | None, pool: Pool) -> None:
        self._ssh = ssh
        self._config = config
        self._pool = pool
        self._addresses = SshAddresses(
            lambda name: ssh.resolve(name).hostname, pool, needed=False, timeout=5.0
        )

    async def configured(self) -> tuple[str, ...]:
        """List the names after ``Host`` in the configuration that are no patterns."""
        return await self._pool.call(
            lambda: tuple(dict.fromkeys(names_in_config(self._config)))[:MOST]
        )

    async def in_known_hosts(self) -> tuple[str, ...]:
        """List the plain names of the known_hosts files that ssh would read."""
        named = await self.configured()
        return await self._pool.call(lambda: self._listed(named))

    async def resolve(self, names: Sequence[str], source: NameSource) -> tuple[HostName, ...]:
        """Say where each of ``names`` leads, as far as that is known within half a minute."""
        tasks = [asyncio.create_task(self._one(name, source)) for name in dict.fromkeys(names)]
        if tasks:
            _, late = await asyncio.wait(tasks, timeout=RESOLVE_WITHIN)
            for task in late:
                task.cancel()
        found = [task.result() for task in tasks if task.done() and not task.cancelled()]
        return tuple(one for one in found if one is not None)

    async def _one(self, name: str, source: NameSource) -> HostName | None:
        if not NAME.fullmatch(name):
            return None
        try:
            port = await self._pool.call(lambda: self._ssh.resolve(name).port)
            addresses = await self._addresses.addresses(name)
        except RolloutError:
            return None
        return HostName(name=name, source=source, addresses=addresses, port=port)

    async def of_address(self, address: str) -> tuple[HostName, ...]:
        """List the names that DNS has for ``address``, and itself if ssh knows its host key."""
        names = await self._pool.call(lambda: _reverse(address))
        found = await self.resolve(names, NameSource.DNS)
        if await self._pool.call(lambda: self._is_known(address)):
            found = (*found, *await self.resolve([address], NameSource.ADDRESS))
        return tuple(one for one in found if address in one.addresses)

    def _listed(self, named: Sequence[str]) -> tuple[str, ...]:
        """In a thread.  The files may differ by host, so those of each named one are read."""
        files: dict[Path, None] = {}
        for name in [*named[:50], "localhost"]:
            try:
                host = self._ssh.resolve(name)
            except RolloutError:
                continue
            files |= dict.fromkeys((*host.user_known_hosts, *host.global_known_hosts))
        entries = [entry for file in files for entry in known_hosts.read(file)]
        names = (name for entry in entries for name in entry.names.split(","))
        return tuple(dict.fromkeys(filter(_is_plain, names)))[:MOST]

    def _is_known(self, address: str) -> bool:
        try:
            host = self._ssh.resolve(address)
        except RolloutError:
            return False
        name = known_hosts.lookup_name(host.hostname, host.port, host.host_key_alias)
        files = (*host.user_known_hosts, *host.global_known_hosts)
        return any(known_hosts.about(known_hosts.read(file), [name]) for file in files)


def names_in_config(config: Path | None) -> Iterator[str]:
    """Yield the names after ``Host`` that are no patterns, in the order of ssh's reading."""
    if config is not None:
        yield from _read(config, config.parent, 0)
        return
    yield from _read(Path("~/.ssh/config").expanduser(), Path("~/.ssh").expanduser(), 0)
    yield from _read(Path("/etc/ssh/ssh_config"), Path("/etc/ssh"), 0)


def _read(file: Path, directory: Path, depth: int) -> Iterator[str]:
    try:
        if not file.is_file() or file.stat().st_size > LARGEST_FILE:
            return
        lines = file.read_text(errors="replace").splitlines()
    except OSError:
        return
    for line in lines:
        keyword, words = _setting(line)
        if keyword == "host":
            yield from filter(_is_name, words)
        elif keyword == "include" and depth < MOST_INCLUDES:
            for word in words:
                path = Path(word).expanduser()
                pattern = path if path.is_absolute() else directory / path
                for found in sorted(glob.glob(str(pattern))):  # noqa: PTH207 - may be absolute
                    yield from _read(Path(found), directory, depth + 1)


def _setting(line: str) -> tuple[str, list[str]]:
    """Return the keyword and its words; empty where the line cannot be read."""
    found = KEYWORD.fullmatch(line.strip())
    try:
        return (found[1].lower(), shlex.split(found[2], comments=True)) if found else ("", [])
    except ValueError:
        return "", []


def _is_name(word: str) -> bool:
    return NAME.fullmatch(word) is not None


def _is_plain(name: str) -> bool:
    """Tell whether a name of known_hosts is one: no hash, pattern, port or address."""
    if not NAME.fullmatch(name):
        return False
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return True
    return False


def _reverse(address: str) -> tuple[str, ...]:
    """In a thread.  Names come from whom the address belongs to; the caller verifies each."""
    try:
        name, aliases, _ = socket.gethostbyaddr(address)
    except OSError:
        return ()
    return tuple(one for one in (name, *aliases) if _is_name(one))
