"""Where the processes of an unknown host run, and whether that is a layout of releases."""

import re
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path

from rollout.adapters.ssh.scripts import command_of
from rollout.adapters.ssh.shell_files import Script
from rollout.model.errors import RolloutError
from rollout.ports.commands import InThread, RunCommand
from rollout.ports.discovery import ProcessPlaces, ReleaseLayout
from rollout.text.redact import redact

PLACES = Script(Path(__file__).with_name("places.sh"))
"""The parameters are pids."""

FIND_LAYOUT = Script(Path(__file__).with_name("find_layout.sh"))
"""``$1`` is the directory."""

WITHIN = 10.0

_PORT = re.compile(r"^@port (\d+) ([0-9A-F]{1,4})$", re.MULTILINE)
_CWD = re.compile(r"^@cwd (\d+) (plain|sudo) (/[A-Za-z0-9_./+@-]*)$", re.MULTILINE)
_SHARED = re.compile(r"^@(directory|file) ([A-Za-z0-9_.+@-][A-Za-z0-9_./+@-]*)$", re.MULTILINE)
_REPO = re.compile(r"^@repo (\S+)$", re.MULTILINE)
_INSIDE = re.compile(r"(?P<to>/[A-Za-z0-9_./+@-]*[A-Za-z0-9_+@-])/releases/[0-9.]+(?:/.*)?")


class HostFacts:
    """Satisfies :class:`rollout.ports.discovery.HostInspector`; its scripts only read."""

    def __init__(self, run: RunCommand, in_thread: InThread) -> None:
        self._run = run
        self._in_thread = in_thread
        self._by_sudo: set[tuple[str, str]] = set()

    async def places(self, host: str, pids: Sequence[int]) -> ProcessPlaces:
        """Say where processes run and listen, as far as the login may see.

        Raises:
            RemoteError: ssh failed.
        """
        said = await self._ask(host, PLACES, *map(str, pids))
        ports: defaultdict[int, set[int]] = defaultdict(set)
        for pid, port in _PORT.findall(said):
            ports[int(pid)].add(int(port, 16))
        directories = {}
        for pid, how, place in _CWD.findall(said):
            directories[int(pid)] = place
            if how == "sudo":
                self._by_sudo.add((host, place))
        return ProcessPlaces(
            ports={pid: frozenset(found) for pid, found in ports.items()}, directories=directories
        )

    async def layout(self, host: str, directory: str) -> ReleaseLayout | None:
        """Say whether ``directory`` is in a release of a layout like Capistrano's.

        Raises:
            RemoteError: ssh failed.
        """
        inside = _INSIDE.fullmatch(directory)
        if inside is None:
            return None
        said = await self._ask(host, FIND_LAYOUT, inside["to"])
        if "@layout" not in said.splitlines():
            return None
        repo = _REPO.search(said)
        # An address with a password in it is not copied into a file.
        plain = repo[1] if repo and redact(repo[1]) == repo[1] else ""
        by_sudo = (host, directory) in self._by_sudo
        shared = _SHARED.findall(said)
        return ReleaseLayout(
            to=inside["to"],
            repo=plain,
            by_sudo=by_sudo,
            shared=tuple(sorted(path for kind, path in shared if kind == "directory")),
            shared_files=tuple(sorted(path for kind, path in shared if kind == "file")),
        )

    async def _ask(self, host: str, script: Script, *words: str) -> str:
        command = command_of(script.text, words, {})
        result = await self._in_thread(lambda: self._run(host, command, timeout=WITHIN))
        if result.truncated:
            raise RolloutError(f"{host}: printed more than is read")
        return result.out
