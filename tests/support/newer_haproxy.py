"""HAProxy of Debian 13 beside that of Debian 12: ``python3 -m tests.support.newer_haproxy``.

apt fetches the package and its libraries into a directory of their own, from the mirror that this
machine uses; nothing is installed.  A wrapper starts the program with those libraries, also when
HAProxy starts itself anew for a reload.
"""

import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

CODENAME = "trixie"
SOURCES = Path("/etc/apt/sources.list.d/debian.sources")
KEYS = Path("/usr/share/keyrings/debian-archive-keyring.gpg")
CACHE = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "rollout-haproxy"
PROGRAM = CACHE / CODENAME / "haproxy"
PACKAGES = "haproxy"
LOADER = "usr/lib/{triplet}/ld-linux-x86-64.so.2"
TRIPLET = "x86_64-linux-gnu"

WRAPPER = """\
#!/bin/sh
# HAProxy's master executes the name that it was called by, so that must be this file.
root={root}
exec "$root/{loader}" --library-path "$root/usr/lib/{triplet}" --argv0 "$0" \\
    "$root/usr/sbin/haproxy" "$@"
"""


def newer_haproxy() -> str:
    """Return the program of a HAProxy 3.x; empty where there is none."""
    if PROGRAM.exists():
        return str(PROGRAM)
    own = shutil.which("haproxy", path=f"{os.environ.get('PATH', '')}:/usr/sbin") or ""
    return own if own and version_of(own) >= (3, 0) else ""


def version_of(program: str) -> tuple[int, int]:
    """Read the version of a HAProxy, such as ``(2, 6)``."""
    said = subprocess.run([program, "-v"], capture_output=True, text=True, check=True).stdout
    found = re.search(r"version (\d+)\.(\d+)", said)
    return (int(found[1]), int(found[2])) if found else (0, 0)


def fetch() -> str:
    """Fetch it, if it is not there yet; return its program, or empty with the reason printed."""
    if newer := newer_haproxy():
        return newer
    if not SOURCES.exists() or not shutil.which("apt-get"):
        print(f"no {SOURCES}: HAProxy 3.x is not tried", file=sys.stderr)  # noqa: T201
        return ""
    place = PROGRAM.parent
    place.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="new-", dir=place.parent) as building:
        try:
            root = _unpacked(Path(building))
        except subprocess.CalledProcessError as error:
            print(f"HAProxy 3.x is not tried: {error}\n{error.stderr}", file=sys.stderr)  # noqa: T201
            return ""
        wrapper = WRAPPER.format(
            root=place / "root", loader=LOADER.format(triplet=TRIPLET), triplet=TRIPLET
        )
        (root.parent / "haproxy").write_text(wrapper)
        (root.parent / "haproxy").chmod(0o755)
        shutil.rmtree(place, ignore_errors=True)
        root.parent.rename(place)
    return str(PROGRAM)


def _unpacked(building: Path) -> Path:
    """Fetch the packages into ``building`` and return the directory that they were unpacked in."""
    etc, state, cache = building / "etc", building / "state", building / "cache"
    for directory in (etc / "sources.list.d", etc / "preferences.d", state / "lists" / "partial"):
        directory.mkdir(parents=True)
    (cache / "archives" / "partial").mkdir(parents=True)
    (state / "status").touch()
    here = re.search(r"^VERSION_CODENAME=(\S+)", Path("/etc/os-release").read_text(), re.MULTILINE)
    sources = SOURCES.read_text().replace(here[1] if here else "bookworm", CODENAME)
    (etc / "sources.list.d" / "debian.sources").write_text(sources)
    options = {
        "Dir::Etc": etc,
        "Dir::Etc::parts": "/etc/apt/apt.conf.d",
        "Dir::Etc::trusted": KEYS,
        "Dir::State": state,
        "Dir::State::status": state / "status",
        "Dir::Cache": cache,
        "APT::Sandbox::User": "",
        "Debug::NoLocking": "true",
    }
    apt = ["apt-get", "-q", *(f"-o{name}={value}" for name, value in options.items())]
    install = ["install", "-y", "--no-install-recommends", "--download-only", PACKAGES]
    for words in (["update"], install):
        subprocess.run([*apt, *words], capture_output=True, text=True, check=True, timeout=300)
    root = building / "made" / "root"
    root.mkdir(parents=True)
    for package in sorted((cache / "archives").glob("*.deb")):
        subprocess.run(["dpkg-deb", "-x", package, root], capture_output=True, check=True)
    return root


if __name__ == "__main__":
    print(fetch() or "none")  # noqa: T201
