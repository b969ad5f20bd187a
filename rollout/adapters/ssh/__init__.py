"""The edge to the hosts: OpenSSH's manners on paramiko's protocol, and no call that hangs."""

from rollout.adapters.ssh import import_paramiko  # noqa: F401 - before any other module imports it

# isort: split
from rollout.adapters.ssh.client import Ssh
from rollout.adapters.ssh.command import Result
from rollout.adapters.ssh.errors import (
    Closed,
    CommandTimedOut,
    ConnectionLost,
    ForwardingRefused,
    HostKeyChanged,
    HostKeyRevoked,
    HostKeyTooShort,
    HostKeyUnknown,
    LoginShellFailed,
    NotAuthenticated,
    NotConfigured,
    NothingListens,
    RevokedKeysUnreadable,
    SshError,
    Unreachable,
    Unsupported,
)
from rollout.adapters.ssh.host_config import ResolvedHost, SshOptions
from rollout.adapters.ssh.stream import ChannelStream

__all__ = [
    "ChannelStream",
    "Closed",
    "CommandTimedOut",
    "ConnectionLost",
    "ForwardingRefused",
    "HostKeyChanged",
    "HostKeyRevoked",
    "HostKeyTooShort",
    "HostKeyUnknown",
    "LoginShellFailed",
    "NotAuthenticated",
    "NotConfigured",
    "NothingListens",
    "ResolvedHost",
    "Result",
    "RevokedKeysUnreadable",
    "Ssh",
    "SshError",
    "SshOptions",
    "Unreachable",
    "Unsupported",
]
