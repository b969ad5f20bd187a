"""An HAProxy 3.x beside the machine's own: ``python3 -m tests.support.newer_haproxy`` fetches it.

It is Debian 13's package with all that it needs, unpacked into a cache and run by its own loader,
so that nothing is installed.  apt of this machine knows where Debian is, and which keys sign it.
A machine that is Debian 13 itself needs none of this.
"""

import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

_CACHES = "/var/cache" if os.geteuid() == 0 else os.path.expanduser("~/.cache")  # noqa: PTH111
CACHE = Path(os.environ.get("NEWER_HAPROXY_CACHE", f"{_CACHES}/rollout-haproxy"))
CODENAME = "trixie"
KEYS = "/usr/share/keyrings/debian-archive-keyring.gpg"
WRAPPER = """\
#!/bin/sh
root={root}
exec "$root"/usr/lib/*/ld-linux-*.so.* --argv0 "$0" \\
    --library-path "$(echo "$root"/usr/lib/*-linux-gnu*)" "$root/usr/sbin/haproxy" "$@"
"""
"""``--argv0``: the master of a reload executes what it was called, which must be this script."""


def newer_haproxy() -> Path:
    """Return the program.

    Raises:
        FileNotFoundError: it was not fetched; the sentence says how to.
    """
    program = CACHE / "haproxy"
    if not program.exists():
        how = "python3 -m tests.support.newer_haproxy"
        raise FileNotFoundError(f"no HAProxy 3.x in {CACHE}: `{how}` fetches it")
    return program


def fetch() -> Path:
    """Fetch and unpack it, unless it is there.

    Raises:
        subprocess.CalledProcessError, OSError: apt does not have it, or the cache is closed.
    """
    program = CACHE / "haproxy"
    if program.exists():
        return program
    CACHE.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="apt-", dir=CACHE) as directory:
        state = Path(directory)
        options = _options(state)
        subprocess.run(["apt-get", *options, "update", "-qq"], check=True, stdout=sys.stderr)
        get = ["install", "-qq", "-y", "--download-only", "--no-install-recommends", "haproxy"]
        subprocess.run(["apt-get", *options, *get], check=True, stdout=sys.stderr)
        root = state / "root"
        for package in (state / "archives").glob("*.deb"):
            subprocess.run(["dpkg-deb", "-x", str(package), str(root)], check=True)
        target = CACHE / CODENAME
        shutil.rmtree(target, ignore_errors=True)
        root.rename(target)
    fresh = CACHE / "haproxy.new"
    fresh.write_text(WRAPPER.format(root=target))
    fresh.chmod(0o755)
    subprocess.run([fresh, "-v"], check=True, stdout=sys.stderr)
    return fresh.rename(program)


def _options(state: Path) -> list[str]:
    """Let apt see Debian 13 alone, with nothing installed, in directories of its own."""
    for name in ("lists/partial", "archives/partial", "parts"):
        (state / name).mkdir(parents=True)
    (state / "status").touch()
    (state / "sources.list").write_text(f"deb [signed-by={KEYS}] {_debian()} {CODENAME} main\n")
    said = {
        "Dir::State::lists": "lists",
        "Dir::State::status": "status",
        "Dir::Cache::archives": "archives",
        "Dir::Etc::sourcelist": "sources.list",
        "Dir::Etc::sourceparts": "parts",
        "Dir::Etc::preferencesparts": "parts",
    }
    places = [f"{key}={state / name}" for key, name in said.items()]
    alone = ["Dir::Cache::pkgcache=", "Dir::Cache::srcpkgcache=", "APT::Sandbox::User="]
    return [word for one in (*places, *alone) for word in ("-o", one)]


def _debian() -> str:
    """Return where this machine's apt finds Debian."""
    form = ["--format", "$(LABEL) $(REPO_URI)", "Created-By: Packages"]
    asked = ["apt-get", "indextargets", *form]
    said = subprocess.run(asked, check=True, capture_output=True, text=True).stdout
    found = re.search(r"^Debian (\S+)$", said, re.MULTILINE)
    if found is None:
        raise FileNotFoundError("apt of this machine knows no mirror of Debian")
    return found[1]


if __name__ == "__main__":
    print(fetch())  # noqa: T201 - the answer
