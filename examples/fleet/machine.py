"""A machine that is reached by ssh: a real sshd with a host key of its own."""

import getpass
import os
import signal
import subprocess
from pathlib import Path

from examples.fleet.addresses import Place
from examples.fleet.household import Household, kill, program
from examples.fleet.processes import descendants, started, tell

CONFIG = """\
ListenAddress {listen}
HostKey {directory}/host_key
AuthorizedKeysFile {directory}/authorized_keys
PidFile none
UsePAM {pam}
StrictModes no
PasswordAuthentication no
KbdInteractiveAuthentication no
PermitRootLogin prohibit-password
MaxStartups 100
SetEnv HOME={directory} PATH={directory}/bin:/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin
{login}"""

CLIENT = """\
Host {name}
  HostName {address}
  Port {port}
  User {user}
  IdentityFile {root}/client_key
  IdentityAgent none
  IdentitiesOnly yes
  UserKnownHostsFile {root}/known_hosts
  GlobalKnownHostsFile /dev/null
  StrictHostKeyChecking yes
"""


def make_key(path: Path) -> str:
    """Make a key pair at ``path``; return the public half without its comment."""
    keygen = [program("ssh-keygen"), "-q", "-t", "ed25519", "-N", "", "-C", "", "-f", str(path)]
    subprocess.run(keygen, check=True, stdin=subprocess.DEVNULL)
    return path.with_suffix(".pub").read_text().strip()


def account_is_locked() -> bool:
    """Say whether sshd would refuse root without PAM: Debian's installer may lock root with "!"."""
    if os.getuid():
        return False  # an sshd without privileges cannot read the shadow file, and does not ask
    lines = Path("/etc/shadow").read_text().splitlines()
    return any(line.startswith("root:!") for line in lines)


class Machine:
    """One address with an sshd, and the verbs that hurt it.

    Attributes:
        login: What sshd runs for every login, with what it was asked for in its environment.
    """

    def __init__(self, name: str, place: Place, household: Household) -> None:
        self.name = name
        self.place = place
        self.household = household
        self.directory = household.directory / name
        (self.directory / "bin").mkdir(parents=True)
        self.sshd = 0
        self.login: Path | None = None

    def start_sshd(self, authorized: str = "") -> None:
        """Start sshd; the first time with the key that may log in."""
        if authorized:
            self.public_key = make_key(self.directory / "host_key")
            (self.directory / "authorized_keys").write_text(authorized + "\n")
        pam = "yes" if account_is_locked() else "no"
        listen = self.place.url(self.place.ssh)
        login = f"ForceCommand {self.login}\n" if self.login else ""
        config = CONFIG.format(listen=listen, directory=self.directory, pam=pam, login=login)
        (self.directory / "sshd_config").write_text(config)
        if os.getuid() == 0:
            # Debian's sshd will not start without it; its service makes it at boot.
            Path("/run/sshd").mkdir(mode=0o755, exist_ok=True)
        words = ("-D", "-e", "-f", str(self.directory / "sshd_config"))
        self.sshd = self.household.start(program("sshd"), *words, log=self.directory / "sshd.log")

    def kill_sshd(self) -> None:
        """Kill sshd and the connections it holds; nobody answers any more."""
        kill([*self._sshds(), self.sshd])

    def suspend_sshd(self) -> None:
        """Stop sshd and its connections: connections are taken and nothing is ever said."""
        for pid in (self.sshd, *self._sshds()):
            tell(pid, signal.SIGSTOP)

    def resume_sshd(self) -> None:
        for pid in (self.sshd, *self._sshds()):
            tell(pid, signal.SIGCONT)

    def client_config(self) -> str:
        """Return what ``~/.ssh/config`` would say about this machine."""
        return CLIENT.format(
            name=self.name,
            address=self.place.address,
            port=self.place.ssh,
            user=getpass.getuser(),
            root=self.household.directory,
        )

    def known_host(self) -> str:
        return f"[{self.place.address}]:{self.place.ssh} {self.public_key}\n"

    def _sshds(self) -> list[int]:
        """Return the processes of sshd's connections, commands that still run included."""
        return [pid for pid in descendants(self.sshd) if started(pid)]
