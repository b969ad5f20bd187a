"""The files of a host: monit's control file, the programs it starts, and what a login runs."""

import os
import stat
from collections.abc import Iterable, Mapping
from pathlib import Path

MONITRC = """\
set daemon {cycle}
set pidfile {directory}/monit.pid
set idfile {directory}/monit.id
set statefile {directory}/monit.state
set log {directory}/monit.log
set httpd unixsocket {directory}/monit.sock
  allow monit:monit
"""

CHECK = """
check process {name} with pidfile {directory}/{name}/pid
  group {group}
  start program = "{directory}/bin/start {name}" with timeout {start_timeout} seconds
  stop program = "{directory}/bin/stop {name}" with timeout {stop_timeout} seconds
"""

START = """\
#!/bin/sh
exec {python} -I -S {app} --directory {directory}/"$1" --name {host}/"$1" --address {address} \\
  --port "${{1#mongrel_}}" {shared} --boot {boot} --release {directory}/srv/current
"""

STOP = """\
#!/bin/sh
exec kill -TERM "$(cat {directory}/"$1"/pid)"
"""

MONIT = """\
#!/bin/sh
exec {monit} -c {directory}/monitrc "$@"
"""

SESSION = """\
#!/bin/bash
# All hosts of the fleet share the file system of one machine, but deploy.to is one path for all of
# them.  Where a host of its own would have it, this login puts its own directory in place
# of it in what it is asked to run.  A mount namespace would do as well, but Docker refuses it.
common={common}
own={directory}/srv
{path}
if [ -z "${{SSH_ORIGINAL_COMMAND-}}" ]; then exec "$SHELL" -l; fi
exec "$SHELL" -c "${{SSH_ORIGINAL_COMMAND//"$common"/"$own"}}"
"""


def write_programs(directory: Path, words: Mapping[str, object]) -> None:
    """Write what monit calls into ``bin`` of a host; ``words`` fill the gaps."""
    for name, text in {"start": START, "stop": STOP, "monit": MONIT}.items():
        write_program(directory / "bin" / name, text.format(directory=directory, **words))


def write_session(directory: Path, *, lacking: Iterable[str] = ()) -> Path:
    """Write the program that sshd runs for every login; return its path.

    Programs that are ``lacking`` are not found by whoever logs in.
    """
    missing = frozenset(lacking)
    path = ""
    if missing:
        farm = directory / f"without-{'-'.join(sorted(missing))}"
        farm.mkdir(exist_ok=True)
        for folder in ("/usr/local/bin", "/usr/bin", "/bin", "/usr/sbin", "/sbin"):
            _link_all(Path(folder), farm, missing)
        path = f"export PATH={directory}/bin:{farm}"
    common = directory.parent / "srv"
    program = directory / "bin" / "session"
    write_program(program, SESSION.format(common=common, directory=directory, path=path))
    return program


def write_program(path: Path, text: str) -> None:
    fresh = path.with_suffix(".new")
    fresh.write_text(text)
    fresh.chmod(stat.S_IRWXU)
    fresh.replace(path)  # nobody ever runs half a program


def _link_all(folder: Path, farm: Path, missing: frozenset[str]) -> None:
    if not folder.is_dir():
        return
    for entry in os.scandir(folder):
        if entry.name not in missing and not (farm / entry.name).is_symlink():
            (farm / entry.name).symlink_to(entry.path)
