"""How to reach a host, as ``ssh -G`` says it: OpenSSH's own reading of the operator's files.

Paramiko's reader knows no ``Include`` and gets users and ports wrong; asking ssh costs 5 ms a
host.  ``ssh -G`` never connects, but it does run ``Match exec``.
"""

import os
import pwd
import re
import shlex
import socket
import subprocess
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from rollout.adapters.ssh.errors import NotConfigured

ANSWER_WITHIN = 10.0
"""Seconds for ``ssh -G``; only a ``Match exec`` can make it slow."""


@dataclass(frozen=True, slots=True)
class SshOptions:
    """What ``rollout`` itself may say about ssh; everything else is ssh's configuration.

    Attributes:
        user: Login name, over the configuration (``ssh -l``).  Not for jump hosts, as in ssh.
        config: A file in place of ``~/.ssh/config`` and the system's (``ssh -F``).
        connect_timeout: Seconds to connect and log in, where the configuration names none.
        keepalive: Seconds between signs of life on an idle connection, likewise.
        extra: Further options, as after ``ssh -o`` (``"Port=2222"``).
    """

    user: str | None = None
    config: Path | None = None
    connect_timeout: float = 10.0
    keepalive: int = 15
    extra: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ResolvedHost:
    """One host as OpenSSH would reach it; paths are absolute, tokens are filled in.

    Attributes:
        name: What the operator calls it.
        identities: Private keys in the order to try; those that do not exist are left out.
        agent: Socket of the key agent; None when there is none or it is forbidden.
        proxy_jump: Hosts to go through, nearest first.
        proxy_command: What to run in place of a TCP connection; empty for none.
        strict: ``yes`` or ``accept-new``; ``no`` and ``off`` are never honoured and mean ``yes``.
        family: ``any``, ``inet`` or ``inet6``.
    """

    name: str
    hostname: str
    port: int
    user: str
    identities: tuple[Path, ...]
    identities_only: bool
    agent: Path | None
    proxy_jump: tuple[str, ...]
    proxy_command: str
    host_key_alias: str
    host_key_algorithms: tuple[str, ...]
    user_known_hosts: tuple[Path, ...]
    global_known_hosts: tuple[Path, ...]
    hash_names: bool
    strict: str
    connect_timeout: float
    keepalive: int
    compression: bool
    family: str
    notes: tuple[str, ...] = field(default=())


def resolve(name: str, options: SshOptions) -> ResolvedHost:
    """Ask ssh how it would reach ``name``.

    Raises:
        NotConfigured: ``name`` is not a host name, ssh is missing, or it rejects its files.
    """
    return read_answer(name, _ask(name, options), options)


def _ask(name: str, options: SshOptions) -> str:
    if not name or name.startswith("-") or any(c.isspace() or not c.isprintable() for c in name):
        raise NotConfigured(name or "ssh", f"{name!r} is not a host name")
    command = ["ssh", "-G", *(f"-o{option}" for option in options.extra)]
    if options.config is not None:
        command += ["-F", str(options.config)]
    if options.user is not None:
        command += ["-l", options.user]
    try:
        answer = subprocess.run(  # noqa: S603 - an argument list; the name stands behind "--"
            [*command, "--", name],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=ANSWER_WITHIN,
            check=False,
        )
    except FileNotFoundError:
        raise NotConfigured(
            name, "the ssh client is not installed here", "apt install openssh-client"
        ) from None
    except OSError as error:
        raise NotConfigured(name, f"ssh -G cannot be run: {error.strerror}", "ulimit -a") from error
    except subprocess.TimeoutExpired:
        raise NotConfigured(
            name, f"ssh -G gave no answer within {ANSWER_WITHIN:g}s", "look for Match exec"
        ) from None
    if answer.returncode != 0:
        said = [line for line in answer.stderr.splitlines() if "Pseudo-terminal" not in line]
        raise NotConfigured(
            name,
            f"ssh does not accept its configuration: {'; '.join(said) or answer.returncode}",
            shlex.join([*command, "--", name]),
        )
    return answer.stdout


def read_answer(name: str, answer: str, options: SshOptions) -> ResolvedHost:
    """Read what ``ssh -G`` printed about ``name``."""
    said: dict[str, list[str]] = defaultdict(list)
    for line in answer.splitlines():
        key, _, value = line.partition(" ")
        said[key].append(value)
    one = {key: values[0] for key, values in said.items()}
    fill = _Tokens(name, one)
    keepalive = int(one.get("serveraliveinterval", "0"))
    strict = one.get("stricthostkeychecking", "ask")
    return ResolvedHost(
        name=name,
        hostname=one["hostname"],
        port=int(one["port"]),
        user=one["user"],
        identities=tuple(filter(Path.is_file, map(fill.path, _named(said["identityfile"])))),
        identities_only=one.get("identitiesonly") == "yes",
        agent=_agent(one.get("identityagent", "SSH_AUTH_SOCK"), fill),
        proxy_jump=tuple(_named(one.get("proxyjump", "").split(","))),
        proxy_command="".join(_named([fill.text(one.get("proxycommand", ""))])),
        host_key_alias=one.get("hostkeyalias", ""),
        host_key_algorithms=tuple(one.get("hostkeyalgorithms", "").split(",")),
        user_known_hosts=_paths(one.get("userknownhostsfile", ""), fill),
        global_known_hosts=_paths(one.get("globalknownhostsfile", ""), fill),
        hash_names=one.get("hashknownhosts") == "yes",
        strict="accept-new" if strict == "accept-new" else "yes",
        connect_timeout=_seconds(one.get("connecttimeout", "none"), options.connect_timeout),
        keepalive=keepalive or options.keepalive,
        compression=one.get("compression") == "yes",
        family=one.get("addressfamily", "any"),
        notes=_notes(strict),
    )


def _notes(strict: str) -> tuple[str, ...]:
    if strict in {"no", "off", "false"}:
        return ("StrictHostKeyChecking no is not honoured: unknown host keys are refused",)
    return ()


def _named(values: Sequence[str]) -> list[str]:
    return [value for value in values if value and value != "none"]


def _seconds(value: str, otherwise: float) -> float:
    return otherwise if value in {"none", "0"} else float(value)


def _paths(value: str, fill: "_Tokens") -> tuple[Path, ...]:
    """Split what ssh prints unquoted: a piece that begins no path belongs to the one before."""
    pieces: list[str] = []
    for piece in value.split(" "):
        if pieces and not piece.startswith(("/", "~", "%", "none")):
            pieces[-1] += f" {piece}"
        else:
            pieces.append(piece)
    return tuple(fill.path(piece) for piece in _named(pieces) if piece != "/dev/null")


def _agent(value: str, fill: "_Tokens") -> Path | None:
    if value == "none":
        return None
    if value == "SSH_AUTH_SOCK":
        value = os.environ.get("SSH_AUTH_SOCK", "")
    elif re.fullmatch(r"\$\w+", value):
        value = os.environ.get(value[1:], "")
    return fill.path(value) if value else None


class _Tokens:
    """ssh's percent tokens and ``~``; home is the one of the user database, as in ssh."""

    def __init__(self, name: str, said: Mapping[str, str]) -> None:
        me = pwd.getpwuid(os.getuid())
        here = socket.gethostname()
        self._home = me.pw_dir
        self._tokens = {
            "%": "%",
            "d": me.pw_dir,
            "h": said["hostname"],
            "i": str(me.pw_uid),
            "j": said.get("proxyjump", ""),
            "k": said.get("hostkeyalias", said["hostname"]),
            "L": here.partition(".")[0],
            "l": here,
            "n": name,
            "p": said["port"],
            "r": said["user"],
            "u": me.pw_name,
        }

    def text(self, template: str) -> str:
        return re.sub(r"%(.)", lambda m: self._tokens.get(m[1], m[0]), template)

    def path(self, template: str) -> Path:
        whole = re.sub(r"\$\{(\w+)\}", lambda m: os.environ.get(m[1], ""), self.text(template))
        if whole == "~" or whole.startswith("~/"):
            whole = self._home + whole[1:]
        return Path(whole).expanduser()
