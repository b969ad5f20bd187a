"""What can go wrong on the way to a host, each with its own name and its own fix."""

from rollout.model.errors import RemoteError


class SshError(RemoteError):
    """An error of this adapter.

    ``asked`` is the one thing a caller must know before trying again: False means that the
    command certainly never began, True that it may have.
    """

    def __init__(self, host: str, what: str, fix: str = "", *, asked: bool = False) -> None:
        super().__init__(host, what, fix)
        self.asked = asked


class Unreachable(SshError):
    """No conversation came about: the name, the network, the port, or a silent server."""


class NotConfigured(SshError):
    """``ssh -G`` could not say how to reach the host."""


class Unsupported(SshError):
    """ssh is configured for something that rollout cannot do; we have not connected."""


class HostKeyUnknown(SshError):
    """No known_hosts file vouches for this host."""


class HostKeyChanged(SshError):
    """A known_hosts file holds another key for this host."""


class HostKeyRevoked(SshError):
    """A known_hosts file, or one of revoked keys, names exactly this key as revoked."""


class RevokedKeysUnreadable(SshError):
    """A file of revoked host keys cannot be read, so no host key can be believed."""


class HostKeyTooShort(SshError):
    """The RSA key of the host has fewer bits than ssh is configured to ask for."""


class NotAuthenticated(SshError):
    """The host took none of our keys."""


class LoginShellFailed(SshError):
    """The login shell of the host did not run our command."""


class ForwardingRefused(SshError):
    """The ssh server forbids the forwarding that we asked for."""


class NothingListens(SshError):
    """No process answered the ssh server at that socket or port, or it may not go there."""


class ConnectionLost(SshError):
    """The connection ended before the answer was whole."""


class CommandTimedOut(SshError):
    """The command had not ended at its deadline; it was told to, and not waited for."""


class Closed(SshError):
    """We closed our side while a call still waited."""
