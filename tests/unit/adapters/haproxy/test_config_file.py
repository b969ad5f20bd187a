"""What HAProxy's configuration says beside its socket: other sockets, and what checks ask for."""

import asyncio
import os
import socket
from pathlib import Path

import pytest

from rollout.adapters.haproxy import config_file
from rollout.adapters.haproxy.config_file import (
    ConfigFile,
    RunningConfig,
    parse_config,
    read_config_file,
    sockets_here,
)
from rollout.model.errors import RemoteError
from tests.support.monitd import Said, run_here

CONFIG = """\
global
    log /dev/log local0
    stats socket /run/haproxy/admin.sock mode 660 level admin   # stats socket /no
    stats socket unix@/run/second.sock level user
    stats socket ipv4@127.0.0.1:9999 level admin
frontend www
    stats socket /not-here
backend app
    option httpchk GET /up HTTP/1.1
backend api
    option httpchk
    http-check send meth GET uri /api/health ver HTTP/1.1
backend bare
    option httpchk /bare
backend odd
    option httpchk GET /odd{path}
defaults named
    option httpchk GET /named
defaults
    option httpchk GET /last
backend one from named
    server s 10.0.0.1:80 check
backend two
    server s 10.0.0.2:80 check
defaults
    mode tcp
backend three
listen mixed
    option httpchk HEAD /mixed
"""


def test_sockets_and_paths_are_read() -> None:
    found = parse_config(CONFIG)
    assert found.sockets == ("/run/haproxy/admin.sock", "/run/second.sock")
    assert found.check_paths == {
        "app": "/up",
        "api": "/api/health",
        "bare": "/bare",
        "one": "/named",
        "two": "/last",
        "mixed": "/mixed",
    }


def test_a_file_that_cannot_be_read_says_nothing(tmp_path: Path) -> None:
    assert read_config_file(tmp_path / "none") == ConfigFile()
    (tmp_path / "cfg").write_text(CONFIG)
    assert read_config_file(tmp_path / "cfg").sockets


def test_only_sockets_that_are_there_are_proposed_and_each_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(tmp_path / "admin.sock"))
        (tmp_path / "same.sock").symlink_to(tmp_path / "admin.sock")
        (tmp_path / "file.sock").touch()
        usual = [str(tmp_path / name) for name in ("same.sock", "file.sock", "none.sock")]
        monkeypatch.setattr(config_file, "USUAL_SOCKETS", usual)
        found = sockets_here(ConfigFile(sockets=(str(tmp_path / "admin.sock"),)))
    assert found == (str(tmp_path / "admin.sock"),)


def paths_of(host: str, pid: int) -> object:
    return asyncio.run(RunningConfig(run_here, asyncio.to_thread).check_paths(host, pid))


@pytest.mark.parametrize("host", ["", "lb1"])
def test_the_files_of_a_process_are_found_by_its_command_line(tmp_path: Path, host: str) -> None:
    (tmp_path / "conf.d").mkdir()
    (tmp_path / "conf.d" / "api.cfg").write_text("backend api\n  option httpchk GET /api\n")
    (tmp_path / "main.cfg").write_text("backend app\n  option httpchk GET /up\n")
    words = ["sleep", "-f", str(tmp_path / "main.cfg"), "-f", str(tmp_path / "conf.d")]
    pid = os.posix_spawn("/bin/sh", ["sh", "-c", "sleep 30; :", *words], {})
    try:
        found = paths_of(host, pid)
    finally:
        os.kill(pid, 9)
        os.waitpid(pid, 0)
    assert found == {"app": "/up", "api": "/api"}


def test_a_machine_that_cannot_be_asked_says_nothing() -> None:
    def lost(host: str, command: str, *, timeout: float) -> Said:  # noqa: ARG001 - as RunCommand
        raise RemoteError(host, "connection lost")

    assert asyncio.run(RunningConfig(lost, asyncio.to_thread).check_paths("lb1", 1)) == {}
