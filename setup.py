"""What pyproject.toml cannot say: the package names its commit, and no build directory stays."""

import atexit
import os
import shutil
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from setuptools import setup
from setuptools.command.build_py import build_py
from setuptools.command.sdist import sdist

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE))
sys.dont_write_bytecode = True  # a build leaves nothing in the checkout

from rollout.version import DIGITS, commit_of  # noqa: E402 - of this very checkout


def write_commit(directory: str) -> None:
    """Write which commit this is; ``ROLLOUT_COMMIT`` says it where there is no ``.git``."""
    commit = os.environ.get("ROLLOUT_COMMIT", "")[:DIGITS] or commit_of(HERE)
    if commit:
        Path(directory, "rollout", "COMMIT").write_text(f"{commit}\n", encoding="utf-8")


class BuildWithCommit(build_py):
    """A package that is installed names its commit; in an editable one ``.git`` is asked."""

    def run(self) -> None:
        super().run()
        if not self.editable_mode:
            write_commit(self.build_lib)


class SourceWithCommit(sdist):
    """A source distribution names its commit as well."""

    def make_release_tree(self, base_dir: str, files: Sequence[str]) -> None:
        super().make_release_tree(base_dir, files)
        write_commit(base_dir)


# A build directory in the checkout would keep modules that a newer version no longer has, and
# setuptools would install them again.
scratch = tempfile.mkdtemp(prefix="rollout-build-")
atexit.register(shutil.rmtree, scratch, ignore_errors=True)
setup(
    cmdclass={"build_py": BuildWithCommit, "sdist": SourceWithCommit},
    options={"build": {"build_base": scratch}, "egg_info": {"egg_base": scratch}},
)
