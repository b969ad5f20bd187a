"""The shop: a git repository with an app that has stylesheets to compile, release by release."""

import os
import shutil
import subprocess
from pathlib import Path

from examples.fleet.household import program

STYLESHEETS = """\
#!/bin/sh
# Compiles the stylesheets: one file without line breaks, and a copy with its checksum in the name.
set -eu
cd "$(dirname "$0")/.."
mkdir -p public
: >public/app.css.new
for sheet in stylesheets/*.css; do
    echo "compiling $sheet"
    opened=$(tr -dc '{' <"$sheet" | wc -c)
    closed=$(tr -dc '}' <"$sheet" | wc -c)
    if [ "$opened" -ne "$closed" ]; then
        echo "$sheet: $opened blocks opened, $closed closed" >&2
        exit 1
    fi
    tr -s ' \\n' ' ' <"$sheet" >>public/app.css.new
done
sum=$(md5sum <public/app.css.new)
name=app-${sum%% *}.css
cp public/app.css.new "public/$name"
mv public/app.css.new public/app.css
echo "wrote public/$name"
"""

BASE = """\
body {
  margin: 0 auto;
}
"""

FRONT = """\
.front::after {
  content: "release %s";
%s
"""


class Shop:
    """A repository whose branch ``main`` grows by one commit with every release.

    Its ``VERSION`` counts them, and is what the app tells its visitors.

    Attributes:
        directory: The repository, as ``git clone`` takes it.
    """

    def __init__(self, directory: Path) -> None:
        self.directory = directory

    @classmethod
    def opened(cls, directory: Path) -> "Shop":
        """Make the repository, with its first release in it.

        Raises:
            Missing: git is not installed.
        """
        directory.mkdir()
        shop = cls(directory)
        shop.git("init", "--quiet", "--initial-branch=main")
        script = directory / "bin" / "stylesheets"
        script.parent.mkdir()
        script.write_text(STYLESHEETS)
        script.chmod(0o755)
        (directory / "stylesheets").mkdir()
        (directory / "stylesheets" / "base.css").write_text(BASE)
        shop.release()
        return shop

    @property
    def version(self) -> int:
        """The number of the newest release; 0 if there is none."""
        file = self.directory / "VERSION"
        return int(file.read_text()) if file.exists() else 0

    def release(self, *, broken: str = "") -> str:
        """Commit the next release and return the commit.

        ``broken`` makes it a bad one: ``fail-build`` for stylesheets that do not compile, or the
        words of ``examples/app.py``, where ``fail-boot@web2`` is one that is bad on web2 alone.
        """
        number = self.version + 1
        (self.directory / "VERSION").write_text(f"{number}\n")
        end = "" if broken == "fail-build" else "}"
        (self.directory / "stylesheets" / "front.css").write_text(FRONT % (number, end))
        words = self.directory / "misbehave"
        words.unlink(missing_ok=True)
        if broken and broken != "fail-build":
            words.write_text(broken + "\n")
        self.git("add", "--all")
        self.git("commit", "--quiet", "--message", f"Release {number}")
        return self.git("rev-parse", "HEAD")

    def git(self, *words: str) -> str:
        """Run git in the repository, as nobody in particular; return what it printed.

        Raises:
            CalledProcessError: it said no.
        """
        who = {"NAME": "shop", "EMAIL": "shop@example.com"}
        ours = {f"GIT_{role}_{key}": who[key] for role in ("AUTHOR", "COMMITTER") for key in who}
        ours |= {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"}
        others = {key: value for key, value in os.environ.items() if not key.startswith("GIT_")}
        done = subprocess.run(
            [program("git"), "-C", str(self.directory), *words],
            env=others | ours,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            check=True,
            text=True,
        )
        return done.stdout.strip()

    def export(self, commit: str, where: Path) -> None:
        """Put the files of ``commit`` into the new directory ``where``, stylesheets compiled."""
        where.mkdir(parents=True)
        packed = where.with_name(f"{where.name}.tar")
        self.git("archive", "--format=tar", f"--output={packed}", commit)
        subprocess.run([program("tar"), "-xf", str(packed), "-C", str(where)], check=True)
        packed.unlink()
        subprocess.run([str(where / "bin" / "stylesheets")], stdout=subprocess.DEVNULL, check=True)

    def artifact(self, commit: str, where: Path) -> Path:
        """Pack ``commit``, compiled, as a build server would; return the tar.gz at ``where``."""
        tree = where.with_name(f"{where.name}.tree")
        self.export(commit, tree)
        subprocess.run([program("tar"), "-czf", str(where), "-C", str(tree), "."], check=True)
        shutil.rmtree(tree)
        return where
