"""Settings of ssh that would let ssh refuse or connect, and that rollout cannot carry out.

Passing over one of them could mean to trust a host that ssh refuses, or to fail without a reason;
so rollout does not connect, and names the setting.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from rollout.adapters.ssh.host_config import SshOptions, config_line


@dataclass(frozen=True, slots=True)
class Setting:
    """One keyword of ``ssh -G``.

    Attributes:
        refuses: Whether this value is one that rollout cannot carry out.
        why: The reason, after the name of the setting and its value.
        instead: The line of the configuration that fixes it.
    """

    refuses: Callable[[str], bool]
    why: str
    instead: str


def _is_set(value: str) -> bool:
    return value not in {"", "none"}


def _is_yes(value: str) -> bool:
    return value in {"yes", "true"}


SETTINGS: Mapping[str, Setting] = {
    "KnownHostsCommand": Setting(
        _is_set,
        "rollout does not run that command, and it may revoke keys; host keys come from files",
        "KnownHostsCommand none",
    ),
    "CheckHostIP": Setting(
        _is_yes, "rollout looks a host up by its name alone, not by its address", "CheckHostIP no"
    ),
    "ProxyUseFdpass": Setting(
        _is_yes,
        "rollout needs a ProxyCommand that carries the connection, as nc %h %p does",
        "ProxyUseFdpass no",
    ),
    "PubkeyAuthentication": Setting(
        lambda value: value in {"no", "false"},
        "rollout logs in with a key and by no other way",
        "PubkeyAuthentication yes",
    ),
    "PreferredAuthentications": Setting(
        lambda value: "publickey" not in value.split(","),
        "rollout logs in with a key (publickey) and by no other way",
        "PreferredAuthentications publickey",
    ),
}


def find_unsupported(
    host: str, said: Mapping[str, str], options: SshOptions
) -> tuple[str, str] | None:
    """Return the sentence and the fix for the first setting that rollout cannot carry out."""
    for name, setting in SETTINGS.items():
        value = said.get(name.lower())
        if value is not None and setting.refuses(value):
            what = f"ssh is configured with {name} {value} for {host}: {setting.why}"
            return what, config_line(options, host, setting.instead)
    return None
