"""Type what README and manual say on bare systems: ``make bare`` or ``python3 -m tests.bare 12``.

Debian 12 and 13 are built by debootstrap (minbase: no git, no make, no /etc/machine-id).  Each act
gets a fresh copy, and runs in namespaces of its own: what it mounts and starts ends with it,
however it ends.  ``test`` has a private loopback as its whole network.

The machine's own settings of apt and pip and its certificates are read at run time and handed on.
Only root can do this.  The systems are kept as archives in BARE_CACHE (/var/cache/rollout-bare),
the log of each act beside them.
"""

import argparse
import ast
import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from tests.support.private_files import as_in_container

HOME = Path(__file__).resolve().parents[1]
CACHE = Path(os.environ.get("BARE_CACHE", "/var/cache/rollout-bare"))
CODENAMES = {"12": "bookworm", "13": "trixie"}
MINUTES = 60.0
BUNDLE = "etc/machine.crt"
LINE_FOR_ROOT = re.compile(r"^apt-get update && .*$", re.MULTILINE)
ENVIRONMENT = {"LANG": "C.UTF-8", "TERM": "dumb", "DEBIAN_FRONTEND": "noninteractive"}
PROXIES = ("http_proxy", "https_proxy", "no_proxy")

ENTER = """
set -e
mount --bind "$ROOT" "$ROOT"
mount -t proc proc "$ROOT/proc"
mount -t sysfs -o ro sysfs "$ROOT/sys"
mount -t tmpfs -o mode=1777 tmpfs "$ROOT/dev/shm"
mount -t devpts -o newinstance,ptmxmode=666,mode=620,gid=5 devpts "$ROOT/dev/pts"
mount --bind "$ROOT/dev/pts/ptmx" "$ROOT/dev/ptmx"
mount --bind "$ARCHIVES" "$ROOT/var/cache/apt/archives"
for directory in $SHARED; do
    mkdir -p "$ROOT$directory"
    mount --bind "$directory" "$ROOT$directory"
    mount -o remount,bind,ro "$ROOT$directory"
done
hostname bare
[ "$NETWORK" = machine ] || ip link set lo up
chroot "$ROOT" env -i "$@"
"""
"""What the first process of the namespaces does; it stays, and collects whose parent died."""


class Broken(Exception):
    """A bare system did not do what README and manual say."""


@dataclass(slots=True)
class System:
    """A bare system, unpacked for one act.

    Attributes:
        shared: Directories of the machine that pip's settings name; seen there, read-only.
    """

    root: Path
    log: Path
    archives: Path
    shared: list[str] = field(default_factory=list)

    def run(
        self,
        command: str,
        *,
        user: str = "root",
        timeout: float = 15 * MINUTES,
        network: str = "machine",
    ) -> tuple[int, str]:
        """Run a shell command as ``user`` in its home; return exit code and what it printed."""
        home = "/root" if user == "root" else f"/home/{user}"
        path = "/usr/local/bin:/usr/bin:/bin"
        path = f"/usr/local/sbin:/usr/sbin:/sbin:{path}" if user == "root" else path
        variables = ENVIRONMENT | {name: os.environ[name] for name in PROXIES if name in os.environ}
        variables |= {"HOME": home, "USER": user, "LOGNAME": user, "PATH": path}
        number = "0" if user == "root" else "1000"
        words = [*(f"{name}={value}" for name, value in variables.items())]
        words += ["setpriv", f"--reuid={number}", f"--regid={number}", "--init-groups"]
        words += ["bash", "-c", f"cd && {command}"]
        spaces = ["--mount", "--pid", "--fork", "--kill-child", "--uts", "--ipc"]
        spaces += [] if network == "machine" else ["--net"]
        with self.log.open("a+") as log:
            print(f"$ {command}   # as {user}", file=log, flush=True)
            start = log.seek(0, os.SEEK_END)
            process = subprocess.Popen(
                [
                    "setpriv",
                    "--pdeathsig",
                    "KILL",
                    "unshare",
                    *spaces,
                    "bash",
                    "-c",
                    ENTER,
                    "bash",
                    *words,
                ],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                env={
                    **os.environ,
                    "ROOT": str(self.root),
                    "ARCHIVES": str(self.archives),
                    "SHARED": " ".join(self.shared),
                    "NETWORK": network,
                },
            )
            try:
                code = process.wait(timeout)
            except subprocess.TimeoutExpired as error:
                raise Broken(f"`{command}` did not end within {timeout / 60:g} min") from error
            finally:
                process.kill()  # the kernel kills every process of the namespace after it
                process.wait()
            log.seek(start)
            return code, log.read()

    def must(self, command: str, **how: object) -> str:
        """Run a command that must succeed; return what it printed."""
        code, said = self.run(command, **how)  # type: ignore[arg-type]  # passed through
        if code:
            raise Broken(f"`{command}` ended with {code}")
        return said

    def prepare(self, user: str = "root", *packages: str) -> None:
        """Do what the README takes for granted: git and make, and a checkout in the home."""
        self.must("apt-get update -q && apt-get install -qy --no-install-recommends git make")
        if packages:
            self.must(f"apt-get install -qy --no-install-recommends {' '.join(packages)}")
        if user != "root":
            self.must(f"useradd --create-home --shell /bin/bash --uid 1000 {user}")
        home = self.root / ("root" if user == "root" else f"home/{user}")
        unpack_checkout(home / "rollout")
        self.must(f"chown -R {user}: ~{user}/rollout")


# The acts


def demo(system: System) -> None:
    """Type ``make demo`` as root."""
    system.prepare()
    the_demo_is_good(system.must("cd rollout && make demo"))


def test(system: System) -> None:
    """Type ``make test`` as root; the network is needed to install, and not by any test."""
    system.prepare()
    system.must("cd rollout && make .venv/.ready")
    system.must("cd rollout && make test", timeout=60 * MINUTES, network="private")


def quick(system: System) -> None:
    """Type ``make quick`` as root."""
    system.prepare()
    system.must("cd rollout && make .venv/.ready")
    system.must("cd rollout && make quick", timeout=20 * MINUTES, network="private")


def sudo(system: System) -> None:
    """Type ``make demo`` as a user with sudo."""
    system.prepare("newcomer", "sudo")
    system.must("echo 'newcomer ALL=(ALL) NOPASSWD: ALL' >/etc/sudoers.d/newcomer")
    the_demo_is_good(system.must("cd rollout && make demo", user="newcomer"))


def plain(system: System) -> None:
    """Type ``make demo`` as a user without sudo, then as root what it says, then again."""
    system.prepare("newcomer")
    code, said = system.run("cd rollout && make demo", user="newcomer")
    lines = LINE_FOR_ROOT.findall(said)
    if not code or len(lines) != 1:
        raise Broken(f"`make demo` ended with {code} and {len(lines)} lines for root, not one")
    system.must(lines[0])
    if not system.run("command -v sudo")[0]:
        raise Broken("sudo came along, and nothing shows that it is not needed")
    said = system.must("cd rollout && make demo", user="newcomer")
    if "Release 2 is live, release 3 was taken back" not in said:
        raise Broken("the demo did not say that release 2 is live")


def install(system: System) -> None:
    """Type the lines of the page "Install" as root; upgrade, by the same line; uninstall."""
    lines = lines_for_root(HOME / "docs" / "how-to" / "install.md")
    (uninstall,) = [line for line in lines if line.startswith("rm -r ")]
    lines.remove(uninstall)
    (make,) = [line for line in lines if line.startswith("make install ")]
    system.must("apt-get update -q && apt-get install -qy --no-install-recommends bash-completion")
    checkout = system.root / "root/rollout"
    unpack_checkout(checkout)
    (checkout / "rollout/gone.py").touch()
    system.must(lines.pop(0).replace("install", "install -qy", 1))
    first = system.must(f"cd rollout && {COMMIT} && git rev-parse --short=7 HEAD").split()[-1]
    for line in lines:
        system.must(f"cd rollout && {line}")
    if f"({first})" not in system.must("rollout --version"):
        raise Broken(f"the version does not name the commit {first}")
    if not system.must("rollout explain 6").startswith("# Exit 6: "):
        raise Broken("the runbooks are not installed")
    if "restart" not in system.must(f"bash -ic {shlex.quote(COMPLETION)} 2>&1"):
        raise Broken("TAB does not complete `rollout rest`")
    second = system.must(f"cd rollout && git rm -q rollout/gone.py && {COMMIT} && {make}")
    if f"({first})" in second.splitlines()[-1]:
        raise Broken(f"after the upgrade the version names the commit before, {first}")
    gone = "find /opt/rollout -name gone.py -o -path '*/rollout/COMMIT' | xargs -n 1 basename"
    if system.must(gone).split()[-1:] != ["COMMIT"]:
        raise Broken("a module that the new version removed is still installed")
    if left := system.must("cd rollout && git status --short --ignored").strip():
        raise Broken(f"the checkout has things that it had not before: {left}")
    system.must(uninstall)
    find = """find / -xdev -iname '*rollout*' -not -path "$HOME/rollout*" """
    find += "-not -path '/proc/*' -not -path '/usr/share/bash-completion/*'"
    if left := system.must(find).strip():
        raise Broken(f"after the uninstallation there is still: {left}")


def image(system: System) -> None:
    """Do what the Dockerfile says, in one system; run it as in a container."""
    built = system.root / "usr/src/rollout"
    unpack_checkout(built)
    for line in dockerfile_runs():
        system.must(f"cd /usr/src/rollout && export ROLLOUT_COMMIT=0123abcd && {line}")
    shutil.rmtree(built)
    home = Path("/home/rollout")
    settings = system.root / "etc/rollout/rollout.toml"
    settings.parent.mkdir()
    settings.write_text(SETTINGS)
    with tempfile.TemporaryDirectory(dir=CACHE) as volume:
        kept = Path(volume) / "state"
        kept.mkdir()
        os.chown(kept, 1000, 1000)
        Path(volume).chmod(0o755)
        user = ["setpriv", "--reuid=1000", "--regid=1000", "--clear-groups", "env", "-i"]
        user += [f"HOME={home}", "PATH=/usr/local/bin:/usr/bin:/bin", "LANG=C.UTF-8"]
        said = {}
        for volumes in ((), (kept,)):
            inside = as_in_container(*volumes, image=system.root)
            state = [f"XDG_STATE_HOME={kept}"] if volumes else []
            for word in ("--version", "check"):
                done = subprocess.run(
                    [*inside, *user, *state, "rollout", word],
                    check=False,
                    capture_output=True,
                    text=True,
                )
                said[volumes, word] = done.stdout + done.stderr
    with system.log.open("a") as log:
        print(said, file=log)
    if not said[(), "--version"].endswith("(0123abc)\n"):
        raise Broken("rollout is not on the PATH, or does not name its commit")
    wanted = f'-v "$HOME/.local/state/rollout":{home}/.local/state/rollout'
    if wanted not in said[(), "check"] or "would end with this container" in said[(kept,), "check"]:
        raise Broken("`check` does not tell a journal in the container from one in a volume")


SETTINGS = """
app = "shop"
[balancers.lb1]
ssh = "127.0.0.1"
[fleet]
hosts = ["127.0.0.1"]
"""


def dockerfile_runs() -> list[str]:
    """Return the commands of the Dockerfile, without what would empty the cache of packages."""
    text = (HOME / "Dockerfile").read_text(encoding="utf-8")
    lines = re.sub(r"^#.*\n", "", text, flags=re.MULTILINE).replace("\\\n", " ")
    runs = re.findall(r"^RUN (.*)$", lines, re.MULTILINE)
    return [line.replace("apt-get clean", "true") for line in runs]


COMMIT = "{ [ -d .git ] || git init -q; } && git add . && "
COMMIT += "git -c user.name=a -c user.email=a@example.com commit -qm change"

COMPLETION = """
. /usr/share/bash-completion/bash_completion
_completion_loader rollout; . /etc/bash_completion.d/rollout
COMP_WORDS=(rollout rest); COMP_CWORD=1; _rollout_completion rollout; echo "${COMPREPLY[@]}"
"""


def lines_for_root(page: Path) -> list[str]:
    """Return what a page of the manual lets root type."""
    text = page.read_text(encoding="utf-8")
    blocks = re.findall(r"^```console\n(.*?)^```", text, flags=re.MULTILINE | re.DOTALL)
    return re.findall(r"^# (.*)$", "".join(blocks), flags=re.MULTILINE)


ACTS: dict[str, Callable[[System], None]] = {
    "demo": demo,
    "sudo": sudo,
    "plain": plain,
    "install": install,
    "image": image,
    "test": test,
    "quick": quick,
}
BY_DEFAULT = ("demo", "sudo", "plain", "install", "image", "test")


def the_demo_is_good(said: str) -> None:
    """See that the demo ends well, and names first and last the services that are enabled now."""
    start = said.find("Visitors are coming")
    end = said.rfind("Release 2 is live, release 3 was taken back")
    if not 0 < start < end:
        raise Broken("the demo did not say that release 2 is live")
    for when, part in (("start", said[:start]), ("end", said[end:])):
        found = re.search(r"the next boot starts them: (.*)$", part, flags=re.MULTILINE)
        services = set(found[1].split()) if found else set()
        if not {"haproxy", "monit", "ssh"} <= services:
            raise Broken(f"the {when} of the demo names {services or 'no service'} as enabled")


# The systems


def unpack_checkout(directory: Path) -> None:
    """Copy all but what git ignores."""
    git = ["git", "-C", str(HOME), "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(git, check=True, capture_output=True).stdout
    for name in os.fsdecode(listed).split("\0"):
        if name and (HOME / name).exists():
            target = directory / name
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(HOME / name, target)


def archive_of(codename: str) -> Path:
    """Return the archive of a bare system; build it where there is none."""
    archive = CACHE / f"{codename}.tar"
    if archive.exists():
        return archive
    if not shutil.which("debootstrap"):
        install = ["apt-get", "install", "-qy", "--no-install-recommends", "debootstrap"]
        subprocess.run(install, check=True)
    with tempfile.TemporaryDirectory(prefix="build-", dir=CACHE) as directory:
        root, fresh = Path(directory, "root"), Path(directory, "tar")
        mirror = mirrors()["Debian"]
        build = ["debootstrap", "--variant=minbase", codename, str(root), mirror]
        with (CACHE / f"{codename}.log").open("w") as log:
            subprocess.run(build, check=True, stdout=log, stderr=log)
        subprocess.run(["tar", "-C", str(root), "-cf", str(fresh), "."], check=True)
        fresh.rename(archive)
    return archive


@contextmanager
def unpacked(version: str, act: str) -> Iterator[System]:
    """Unpack a bare system for one act; it is removed at the end."""
    codename = CODENAMES[version]
    archive = archive_of(codename)
    archives, log = CACHE / f"{codename}-packages", CACHE / f"{version}-{act}.log"
    archives.mkdir(exist_ok=True)
    log.write_text("")
    with tempfile.TemporaryDirectory(prefix=f"run-{os.getpid()}-", dir=CACHE) as directory:
        root = Path(directory)
        subprocess.run(["tar", "-C", directory, "-xpf", str(archive)], check=True)
        root.chmod(0o755)
        (root / "etc/hosts").write_text("127.0.0.1 localhost bare\n::1 localhost\n")
        shutil.copy("/etc/resolv.conf", root / "etc/resolv.conf")
        hand_on_apt(root, codename)
        shared = hand_on_pip(root)
        yield System(root, log, archives, shared)


# What the machine hands on


def mirrors() -> dict[str, str]:
    """Return where this machine's apt finds Debian and its security updates, by label."""
    form = ["--format", "$(LABEL) $(REPO_URI)", "Created-By: Packages"]
    said = subprocess.run(
        ["apt-get", "indextargets", *form], check=True, capture_output=True, text=True
    ).stdout
    found = dict(line.split(maxsplit=1) for line in reversed(said.splitlines()) if " " in line)
    if "Debian" not in found:
        sys.exit("apt of this machine knows no mirror of Debian (`apt-get indextargets` shows all)")
    return found


def hand_on_apt(root: Path, codename: str) -> None:
    """Write the sources of a system, and the machine's ways to reach them."""
    known = mirrors()
    lines = [f"deb {known['Debian']} {suite} main" for suite in (codename, f"{codename}-updates")]
    if security := known.get("Debian-Security"):
        lines.append(f"deb {security} {codename}-security main")
    (root / "etc/apt/sources.list").write_text("\n".join(lines) + "\n")
    said = subprocess.run(["apt-config", "dump"], check=True, capture_output=True, text=True)
    ways = re.findall(r"^Acquire::(?:https?|Retries|Check-)\S* .*$", said.stdout, re.MULTILINE)
    (root / "etc/apt/apt.conf.d/99machine").write_text("\n".join(ways) + "\n")
    (root / "etc/dpkg/dpkg.cfg.d/quick").write_text("force-unsafe-io\n")
    certificates = Path("/usr/local/share/ca-certificates")
    if certificates.is_dir():
        shutil.copytree(certificates, root / certificates.relative_to("/"), dirs_exist_ok=True)


def hand_on_pip(root: Path) -> list[str]:
    """Write pip's settings of this machine into a system; return the directories that they name."""
    settings, shared = pip_settings(), list[str]()
    for name, value in settings.items():
        for word in value.split():
            path = Path(word.removeprefix("file://"))
            if not path.is_absolute() or not path.exists():
                continue
            if path.is_dir():  # an index refers to files beside it
                below = path.parent if word.startswith("file://") else path
                shared.append(str(below))
            elif name != "cert":
                copy = root / path.relative_to("/")
                copy.parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(path, copy)
    bundles = [settings.get("cert"), *map(os.environ.get, ("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE"))]
    if bundle := next((name for name in bundles if name and Path(name).is_file()), None):
        shutil.copy(bundle, root / BUNDLE)
        settings["cert"] = f"/{BUNDLE}"
    lines = [f"{name} = {' '.join(value.split())}" for name, value in settings.items()]
    (root / "etc/pip.conf").write_text("\n".join(["[global]", *lines]) + "\n")
    return sorted(set(shared))


def pip_settings() -> dict[str, str]:
    """Return the settings that every command of pip has on this machine, by name."""
    pips = [[str(HOME / ".venv/bin/pip")], [sys.executable, "-m", "pip"]]
    found: dict[str, str] = {}
    for pip in pips:
        try:
            said = subprocess.run(
                [*pip, "config", "list"], check=True, capture_output=True, text=True
            )
        except (OSError, subprocess.CalledProcessError):
            continue
        for line in sorted(said.stdout.splitlines(), reverse=True):  # global, then the environment
            where, value = line.split("=", 1)
            if where.startswith(("global.", ":env:.")):
                found[where.split(".", 1)[1]] = str(ast.literal_eval(value))
        break
    return found


# The whole


def tried(version: str, act: str) -> str:
    """Run one act; return what is wrong, empty if nothing is."""
    start = time.monotonic()
    log = CACHE / f"{version}-{act}.log"
    try:
        with unpacked(version, act) as system:
            ACTS[act](system)
    except Broken as error:
        wrong = str(error)
    else:
        wrong = ""
    seconds = time.monotonic() - start
    print(f"Debian {version}, {act}: {wrong or 'good'} ({seconds:.0f} s; {log})", flush=True)
    if wrong:
        print("\n".join(f"    {line}" for line in log.read_text().splitlines()[-30:]))
    return wrong


def remove_leftovers() -> None:
    """Remove the systems of a run that was killed; what it had mounted has ended with it."""
    for directory in CACHE.glob("run-*-*"):
        if not Path("/proc", directory.name.split("-")[1]).exists():
            shutil.rmtree(directory)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python3 -m tests.bare")
    parser.add_argument(
        "words",
        nargs="*",
        help=f"of {', '.join([*CODENAMES, *ACTS])}; the default is all but quick",
    )
    words = parser.parse_args().words
    if unknown := set(words) - set(CODENAMES) - set(ACTS):
        parser.error(f"unknown: {', '.join(sorted(unknown))}")
    if os.geteuid():
        sys.exit("only root can build a bare system: sudo make bare")
    CACHE.mkdir(parents=True, exist_ok=True)
    remove_leftovers()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that `finally` is reached
    versions = [word for word in words if word in CODENAMES] or list(CODENAMES)
    acts = [word for word in words if word in ACTS] or BY_DEFAULT
    wrong = [tried(version, act) for version in versions for act in acts]
    sys.exit(1 if any(wrong) else 0)


if __name__ == "__main__":
    main()
