"""What HAProxy's configuration says that its admin socket does not."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from rollout.adapters.local.shell_command import run_locally
from rollout.adapters.ssh.scripts import command_of
from rollout.adapters.ssh.shell_files import Script
from rollout.model.errors import RolloutError
from rollout.ports.commands import InThread, RunCommand

CONFIG_FILES = Script(Path(__file__).with_name("config_files.sh"))
"""``$1`` is the pid of HAProxy."""

WITHIN = 10.0

USUAL_FILE = Path("/etc/haproxy/haproxy.cfg")
USUAL_SOCKETS = ("/run/haproxy/admin.sock", "/var/run/haproxy.sock", "/run/haproxy.sock")
"""Debian's place, and those of most instructions for other systems."""

LARGEST = 4 << 20

_PATH = r"(?P<path>/[A-Za-z0-9_./?=&%~+-]*)(?:\s|$)"
_CHECK = re.compile(rf"option\s+httpchk\s+(?:(?:GET|HEAD|OPTIONS)\s+)?{_PATH}")
_SEND = re.compile(rf"http-check\s+send\b.*\buri\s+{_PATH}")
_SOCKET = re.compile(r"stats\s+socket\s+(?:unix@)?(?P<path>/\S+)")
_SECTION = re.compile(
    r"(?P<kind>defaults|backend|listen|frontend|global)\b\s*(?P<name>\S*)(?:\s+from\s+(?P<of>\S+))?"
)


@dataclass(frozen=True, slots=True)
class ConfigFile:
    """Facts of the file.

    Attributes:
        sockets: Paths of its admin sockets.
        check_paths: The path that HAProxy's own HTTP check asks for, by backend.
    """

    sockets: tuple[str, ...] = ()
    check_paths: dict[str, str] = field(default_factory=dict[str, str])


def read_config_file(file: Path = USUAL_FILE) -> ConfigFile:
    """Read ``file``; empty where it is not there, not readable, or larger than 4 MiB."""
    try:
        if file.stat().st_size > LARGEST:
            return ConfigFile()
        text = file.read_text(errors="replace")
    except OSError:
        return ConfigFile()
    return parse_config(text)


class RunningConfig:
    """The configuration of HAProxys that run, here or where ``run`` reaches.

    Satisfies :class:`rollout.ports.discovery.CheckPaths`.
    """

    def __init__(self, run: RunCommand, in_thread: InThread) -> None:
        self._run = run
        self._in_thread = in_thread

    async def check_paths(self, host: str, pid: int) -> Mapping[str, str]:
        """Return the path that HAProxy's own check asks for, by backend; empty: not readable."""
        command = command_of(CONFIG_FILES.text, [str(pid)], {})
        run = self._run if host else run_locally
        try:
            said = await self._in_thread(lambda: run(host, command, timeout=WITHIN))
        except (RolloutError, OSError):
            return {}
        return parse_config(said.out).check_paths


def parse_config(text: str) -> ConfigFile:
    """Read the text of a configuration file, as far as it concerns sockets and HTTP checks.

    A backend has the check of its ``defaults``, the last ones or those after ``from``, unless it
    has its own.
    """
    sockets: list[str] = []
    paths: dict[str, str] = {}
    defaults: dict[str, str] = {}
    kind = name = last = ""
    for line in _lines(text):
        if section := _SECTION.match(line):
            kind, name = section["kind"], section["name"]
            last = name if kind == "defaults" else last
            inherited = defaults.get(section["of"] or last, "")
            if kind == "defaults":
                defaults[name] = inherited if section["of"] else ""
            elif inherited and kind != "global":
                paths[name] = inherited
        elif kind == "global" and (found := _SOCKET.match(line)):
            sockets.append(found["path"])
        elif check := _CHECK.match(line) or _SEND.match(line):
            (defaults if kind == "defaults" else paths)[name] = check["path"]
    return ConfigFile(tuple(dict.fromkeys(sockets)), paths)


def sockets_here(config: ConfigFile) -> tuple[str, ...]:
    """List the admin sockets that there are on this machine: of the file, then the usual ones."""
    found: dict[Path, str] = {}
    for path in (*config.sockets, *USUAL_SOCKETS):
        try:
            if Path(path).is_socket():
                found.setdefault(Path(path).resolve(), path)
        except OSError:
            continue
    return tuple(found.values())


def _lines(text: str) -> Iterator[str]:
    for line in text.splitlines():
        yield line.partition("#")[0].strip()
