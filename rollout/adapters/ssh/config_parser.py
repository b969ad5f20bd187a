"""Reads what ``ssh -G`` printed about a host."""

import os
import pwd
import re
import socket
from collections import defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path

from rollout.adapters.ssh.host_config import ResolvedHost, SshOptions
from rollout.adapters.ssh.unsupported_options import find_unsupported

DEFAULT_IDENTITIES = frozenset({"~/.ssh/id_rsa", "~/.ssh/id_ecdsa", "~/.ssh/id_ed25519"})
"""ssh prints these and more where the configuration names no key: those may well be missing."""


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
    named = _named(said["identityfile"])
    keys = {file: _is_there(file) for file in map(fill.path, named)}
    return ResolvedHost(
        name=name,
        options=options,
        hostname=one["hostname"],
        port=int(one["port"]),
        user=one["user"],
        identities=tuple(file for file, there in keys.items() if there),
        missing=()
        if set(named) >= DEFAULT_IDENTITIES
        else tuple(file for file, there in keys.items() if not there),
        certificates=tuple(map(fill.path, _named(said["certificatefile"]))),
        identities_only=one.get("identitiesonly") == "yes",
        agent=_agent(one.get("identityagent", "SSH_AUTH_SOCK"), fill),
        pkcs11="".join(_named([one.get("pkcs11provider", "")])),
        proxy_jump=tuple(_named(one.get("proxyjump", "").split(","))),
        proxy_command="".join(_named([fill.text(one.get("proxycommand", ""))])),
        host_key_alias=one.get("hostkeyalias", ""),
        host_key_algorithms=_list(one, "hostkeyalgorithms"),
        pubkey_algorithms=_list(one, "pubkeyacceptedalgorithms"),
        ciphers=_list(one, "ciphers"),
        macs=_list(one, "macs"),
        kex_algorithms=_list(one, "kexalgorithms"),
        revoked_host_keys=tuple(
            file for value in said["revokedhostkeys"] for file in _paths(value, fill, literal=True)
        ),
        smallest_rsa=int(one.get("requiredrsasize", "1024")),
        user_known_hosts=_known_hosts(one.get("userknownhostsfile", ""), fill),
        global_known_hosts=_known_hosts(one.get("globalknownhostsfile", ""), fill),
        hash_names=one.get("hashknownhosts") == "yes",
        strict="accept-new" if strict == "accept-new" else "yes",
        connect_timeout=_seconds(one.get("connecttimeout", "none"), options.connect_timeout),
        keepalive=keepalive or options.keepalive,
        compression=one.get("compression") == "yes",
        family=one.get("addressfamily", "any"),
        rekey_bytes=int(one.get("rekeylimit", "0").split()[0]),
        unsupported=find_unsupported(name, one, options),
        notes=_notes(strict),
    )


def _notes(strict: str) -> tuple[str, ...]:
    if strict in {"no", "off", "false"}:
        return ("StrictHostKeyChecking no is not honoured: unknown host keys are refused",)
    return ()


def _named(values: Sequence[str]) -> list[str]:
    return [value for value in values if value and value != "none"]


def _list(said: Mapping[str, str], key: str) -> tuple[str, ...]:
    return tuple(_named(said.get(key, "").split(",")))


def _seconds(value: str, otherwise: float) -> float:
    return otherwise if value in {"none", "0"} else float(value)


def _is_there(file: Path) -> bool:
    """Whether a key exists; for one in the agent its public half, ``NAME.pub``, is enough.

    A file in a directory that we may not enter is told when it is read.
    """
    try:
        return file.is_file() or file.with_name(f"{file.name}.pub").is_file()
    except OSError:
        return True


def _known_hosts(value: str, fill: "_Tokens") -> tuple[Path, ...]:
    return tuple(file for file in _paths(value, fill) if file != Path("/dev/null"))


def _paths(value: str, fill: "_Tokens", *, literal: bool = False) -> tuple[Path, ...]:
    """Split what ssh prints unquoted: a piece that begins no path belongs to the one before.

    ``literal``: ssh 9.2 fills no tokens in there, later ones do; a file of just this name counts.
    """
    pieces: list[str] = []
    for piece in value.split(" "):
        if pieces and not piece.startswith(("/", "~", "%", "none")):
            pieces[-1] += f" {piece}"
        else:
            pieces.append(piece)
    files = []
    for piece in _named(pieces):
        as_it_is = fill.home(piece)
        files.append(as_it_is if literal and os.path.lexists(as_it_is) else fill.path(piece))
    return tuple(files)


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
        return self.home(whole)

    def home(self, path: str) -> Path:
        if path == "~" or path.startswith("~/"):
            path = self._home + path[1:]
        return Path(path).expanduser()
