"""The address of a repository, and apart from it the name and the password for its server.

Every user of a machine may read the arguments of every process there, and git gives the address to
a child of its own (``git-remote-https``) as an argument.  So the address that git gets has no login
in it: git asks for the login, and a credential helper answers from its environment, which only the
same user and root may read.
"""

import re
from dataclasses import dataclass
from urllib.parse import unquote

from rollout.model.errors import SourceError
from rollout.text.redact import redact

SERVER, USERNAME, PASSWORD = "REPOSITORY_SERVER", "REPOSITORY_USERNAME", "REPOSITORY_PASSWORD"
"""Variables in the environment of our git scripts."""


@dataclass(frozen=True, slots=True)
class Login:
    """An address as ``git fetch`` gets it, and what git answers when its server asks for a login.

    Attributes:
        address: Without a name and a password, where it is an http(s) address.
        server: Scheme, host and port; only they are told the password.  Empty without a login.
        username: As the server expects it; percent signs are decoded.
        password: Likewise; empty where the address has only a name, which is then a token.
    """

    address: str
    server: str = ""
    username: str = ""
    password: str = ""

    @property
    def environ(self) -> dict[str, str]:
        """The variables that our git scripts read."""
        return {SERVER: self.server, USERNAME: self.username, PASSWORD: self.password}

    @property
    def lines(self) -> bytes:
        """The same as lines for the script on a host, which reads them from its input."""
        values = (self.server, self.username, self.password)
        return "".join(f"{value}\n" for value in values).encode(errors="surrogateescape")


def split_login(repo: str) -> Login:
    """Take the name and the password out of an http(s) address.

    Raises:
        SourceError: the name or the password holds a line break, which git cannot be told.
    """
    scheme, _, rest = repo.partition("://")
    login, at, host = re.split(r"[/?#]", rest, maxsplit=1)[0].rpartition("@")
    if scheme.lower() not in {"http", "https"} or not at:
        return Login(repo)
    name, _, word = login.partition(":")
    username, password = (unquote(value, errors="surrogateescape") for value in (name, word))
    if any(char in username + password for char in "\n\r\0"):
        what = f"the name or the password for {redact(repo)} holds a line break"
        raise SourceError(what, "correct deploy.repo")
    address = f"{scheme}://{rest.removeprefix(f'{login}@')}"
    return Login(address, f"{scheme.lower()}://{host}", username, password)
