"""A site made by hand from Debian's packages: a load balancer and two hosts.

Each machine is a mount namespace with its own ``/etc``, ``/run``, ``/srv`` and ``/home``, and the
files of Debian's packages in their usual places.  All share a network namespace, so that the usual
ports are free, and a pid namespace, with which everything ends.
"""

import json
import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

CHECKOUT = Path(__file__).parents[2]
LOGIN, UID = "ops", 4005
HOSTS = {"web1": "127.0.1.11", "web2": "127.0.1.12"}
PORTS = (8000, 8001)
REPO = "git@git.example.com:shop.git"

HAPROXY = """
frontend www
	bind 127.0.0.1:80
	default_backend shop
listen stats
	bind 127.0.0.1:8404
	stats enable
	stats uri /
backend shop
	option httpchk GET /up
	default-server check inter 500ms
{servers}
backend cdn
	server edge 203.0.113.9:443
"""

MONIT = """\
set httpd unixsocket /run/monit.sock
    allow localhost
"""

CHECK = """\
check process shop_{port} with pidfile /srv/run/{port}/pid
  group shop
  start program = "/srv/bin/shop start {port}"
  stop program = "/srv/bin/shop stop {port}"
"""

SHOP = """\
#!/bin/sh
case $1 in
  start) exec {python} -I -S {app} --directory /srv/run/"$2" --name {host}/"$2" \\
    --address {address} --port "$2" --boot 0 --release /srv/shop/current ;;
  stop) kill "$(cat /srv/run/"$2"/pid)" ;;
esac
"""

ENTER = """\
set -e
mount --make-rprivate /
if [ -n "$2" ]; then
  mkdir -p "$1/checkout"
  mount --bind "$3" "$1/checkout"
  mount -t tmpfs -o mode=755 tmpfs "$2"
  mkdir -p "$3"
  mount --bind "$1/checkout" "$3"
fi
for place in etc run srv home; do mount --bind "$1/$place" "/$place"; done
mount -t tmpfs -o mode=755 tmpfs /var/log
mount -t tmpfs -o mode=755 tmpfs /var/lib
mkdir /var/lib/monit /var/lib/haproxy
cd /
shift 3
exec "$@"
"""


@dataclass(frozen=True)
class Machine:
    """One of them: its directories lie in ``place``."""

    name: str
    place: Path

    def words(self, *command: str) -> list[str]:
        """Return the words that run ``command`` on this machine as root."""
        closed = [path for path in CHECKOUT.parents if not path.stat().st_mode & 0o001]
        top = str(closed[-1]) if closed else ""
        enter = ["sh", "-c", ENTER, "enter", str(self.place), top, str(CHECKOUT)]
        return ["unshare", "-m", *enter, *command]

    def as_login(self, *command: str) -> list[str]:
        """Return the words that run ``command`` as the login, in its home."""
        who = ["setpriv", "--reuid", LOGIN, "--regid", LOGIN, "--init-groups", "--"]
        typed = ["env", "-i", f"HOME=/home/{LOGIN}", f"USER={LOGIN}", f"LOGNAME={LOGIN}"]
        typed += ["PATH=/usr/bin:/bin:/usr/sbin:/sbin", "LANG=C.UTF-8", f"PYTHONPATH={CHECKOUT}"]
        shell = f'cd /home/{LOGIN} && exec "$@"'
        return self.words(*who, *typed, "sh", "-c", shell, "sh", *command)


def write_site(place: Path) -> dict[str, Machine]:
    """Write all files of the site below ``place``."""
    keys = place / "keys"
    keys.mkdir()
    for name in ("host", "login"):
        words = ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "", "-f", str(keys / name)]
        subprocess.run(words, check=True, stdin=subprocess.DEVNULL)
    machines = {name: Machine(name, place / name) for name in ("lb1", *HOSTS)}
    for machine in machines.values():
        _write_etc(machine, keys)
        _write_home(machine, keys)
        for name in ("run", "srv", "run/sshd", "run/haproxy"):
            (machine.place / name).mkdir(exist_ok=True, mode=0o755)
    for name in HOSTS:
        _write_host(machines[name])
    servers = "\n".join(
        f"\tserver {name}_{port} {address}:{port}"
        for name, address in HOSTS.items()
        for port in PORTS
    )
    config = machines["lb1"].place / "etc" / "haproxy" / "haproxy.cfg"
    # As docs/reference/permissions.md says: the login is in the group.
    packaged = config.read_text().replace("level admin", "level admin group haproxy", 1)
    config.write_text(packaged + HAPROXY.format(servers=servers))
    return machines


def _write_etc(machine: Machine, keys: Path) -> None:
    etc = machine.place / "etc"
    machine.place.mkdir()
    subprocess.run(["cp", "-a", "/etc", etc], check=True)
    hosts = "".join(f"{address} {name}\n" for name, address in HOSTS.items())
    (etc / "hosts").write_text(f"127.0.0.1 localhost {os.uname().nodename}\n{hosts}")
    with (etc / "passwd").open("a") as passwd, (etc / "group").open("a") as group:
        passwd.write(f"{LOGIN}:x:{UID}:{UID}::/home/{LOGIN}:/bin/sh\n")
        group.write(f"{LOGIN}:x:{UID}:\n")
    with (etc / "shadow").open("a") as shadow:
        shadow.write(f"{LOGIN}:*:19000:0:99999:7:::\n")
    groups = re.sub(r"(?m)^(haproxy:[^:]*:[0-9]+:).*$", rf"\1{LOGIN}", (etc / "group").read_text())
    (etc / "group").write_text(groups)
    rule = etc / "sudoers.d" / LOGIN
    rule.write_text(f"{LOGIN} ALL=(root) NOPASSWD: /usr/bin/monit, /usr/bin/readlink\n")
    rule.chmod(0o440)
    for end in ("", ".pub"):
        shutil.copy(keys / f"host{end}", etc / "ssh" / f"ssh_host_ed25519_key{end}")


def _write_home(machine: Machine, keys: Path) -> None:
    home = machine.place / "home"
    ssh = home / LOGIN / ".ssh"
    ssh.mkdir(parents=True)
    shutil.copy(keys / "login.pub", ssh / "authorized_keys")
    if machine.name == "lb1":
        shutil.copy(keys / "login", ssh / "id_ed25519")
        public = " ".join((keys / "host.pub").read_text().split()[:2])
        (ssh / "known_hosts").write_text("".join(f"{name} {public}\n" for name in HOSTS))
        hashed = ["ssh-keygen", "-q", "-H", "-f", str(ssh / "known_hosts")]
        subprocess.run(hashed, check=True, capture_output=True)
        (ssh / "known_hosts.old").unlink()
    for path in (home / LOGIN, ssh, *ssh.iterdir()):
        os.chown(path, UID, UID)
    (home / LOGIN).chmod(0o755)
    ssh.chmod(0o700)


def _write_host(machine: Machine) -> None:
    srv, etc = machine.place / "srv", machine.place / "etc"
    (srv / "bin").mkdir()
    words = {
        "python": os.path.realpath(sys.executable),
        "app": CHECKOUT / "examples" / "app.py",
        "host": machine.name,
        "address": HOSTS[machine.name],
    }
    (srv / "bin" / "shop").write_text(SHOP.format(**words))
    (srv / "bin" / "shop").chmod(0o755)
    release = srv / "shop" / "releases" / "20260101000000"
    release.mkdir(parents=True)
    (srv / "shop" / "shared" / "log").mkdir(parents=True)
    (release / "log").symlink_to("/srv/shop/shared/log")
    (srv / "shop" / "current").symlink_to("/srv/shop/releases/20260101000000")
    git = ["git", "--git-dir", str(srv / "shop" / "repo")]
    subprocess.run([*git, "init", "-q", "--bare"], check=True)
    subprocess.run([*git, "config", "remote.origin.url", REPO], check=True)
    for path in ((srv / "shop"), *(srv / "shop").rglob("*")):
        os.chown(path, UID, UID, follow_symlinks=False)
    (etc / "monit" / "conf.d" / "httpd").write_text(MONIT)
    checks = []
    for port in PORTS:
        (srv / "run" / str(port)).mkdir(parents=True)
        checks.append(CHECK.format(port=port))
    (etc / "monit" / "conf.d" / "shop").write_text("".join(checks))
    (etc / "monit" / "conf-enabled" / "sshd").write_text(
        "check process sshd with pidfile /run/sshd.pid\n"
    )


def serve(machines: dict[str, Machine]) -> None:
    """Start all daemons as their services do, and wait until HAProxy calls every server up."""
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
    for name, address in HOSTS.items():
        sshd = ["/usr/sbin/sshd", "-D", "-e", "-o", f"ListenAddress={address}", "-o", "UsePAM=no"]
        _start(machines[name], *sshd, "-o", "PidFile=/run/sshd.pid")
        for port in PORTS:
            words = machines[name].words("/srv/bin/shop", "start", str(port))
            subprocess.run(words, check=True, timeout=20)
        _start(machines[name], "monit", "-I")
    config = ("-f", "/etc/haproxy/haproxy.cfg", "-p", "/run/haproxy.pid")
    _start(machines["lb1"], "haproxy", "-Ws", *config)
    socket = machines["lb1"].place / "run" / "haproxy" / "admin.sock"
    end = time.monotonic() + 30
    while time.monotonic() < end:
        ask = ["socat", "-", f"UNIX-CONNECT:{socket}"]
        done = subprocess.run(
            ask, input=b"show stat shop 4 -1\n", capture_output=True, check=False, timeout=10
        )
        if done.stdout.count(b",UP,") == len(HOSTS) * len(PORTS):
            return
        time.sleep(0.1)
    raise TimeoutError("HAProxy does not call every server up")


def _start(machine: Machine, *command: str) -> None:
    with (machine.place / f"{command[0].rpartition('/')[2]}.log").open("wb") as log:
        subprocess.Popen(machine.words(*command), stdin=subprocess.DEVNULL, stdout=log, stderr=log)


def run_in_site(place: Path, commands: Sequence[Sequence[str]]) -> list[tuple[int, str, str]]:
    """Make the site in ``place``, run ``commands`` as its login on ``lb1``, and end all of it.

    Returns:
        Exit code, stdout and stderr of each.
    """
    site = ["unshare", "-mnpf", "--mount-proc", "--kill-child"]
    words = [sys.executable, "-m", "tests.support.debian_site", str(place), json.dumps(commands)]
    done = subprocess.run(
        [*site, *words], capture_output=True, text=True, check=False, timeout=180, cwd=CHECKOUT
    )
    if done.returncode:
        logs = [f"{file}:\n{file.read_text(errors='replace')}" for file in place.glob("*/*.log")]
        raise AssertionError("\n".join([done.stdout, done.stderr, *logs]))
    results = json.loads((place / "results.json").read_text())
    return [(code, out, err) for code, out, err in results]


def main() -> None:
    """Be the first process of the site."""
    place, commands = Path(sys.argv[1]), json.loads(sys.argv[2])
    machines = write_site(place)
    serve(machines)
    results = []
    for command in commands:
        words = machines["lb1"].as_login(*command)
        done = subprocess.run(
            words, capture_output=True, text=True, check=False, timeout=90, stdin=subprocess.DEVNULL
        )
        results.append((done.returncode, done.stdout, done.stderr))
    (place / "results.json").write_text(json.dumps(results))


if __name__ == "__main__":
    main()
