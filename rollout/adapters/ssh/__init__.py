"""The edge to the hosts: OpenSSH's manners on paramiko's protocol, and no call that hangs."""

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
from rollout.adapters.ssh.stream import Stream

__all__ = [
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
    "Stream",
    "Unreachable",
    "Unsupported",
]
