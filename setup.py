"""What pyproject.toml cannot say: the package names its commit, and no build directory stays."""

import atexit
import os
import shutil
import sys
import tempfile
from pathlib import Path

from setuptools import setup
from setuptools.command.build_py import build_py

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE))

from rollout.version import DIGITS, commit_of  # noqa: E402 - of this very checkout


class WithCommit(build_py):
    """Writes which commit the package is made from; ``ROLLOUT_COMMIT`` says it where no git is."""

    def run(self) -> None:
        super().run()
        commit = os.environ.get("ROLLOUT_COMMIT", "")[:DIGITS] or commit_of(HERE)
        if commit and not self.editable_mode:
            Path(self.build_lib, "rollout", "COMMIT").write_text(f"{commit}\n", encoding="utf-8")


# A build directory in the checkout would keep modules that a newer version no longer has, and
# setuptools would install them again.
scratch = tempfile.mkdtemp(prefix="rollout-build-")
atexit.register(shutil.rmtree, scratch, ignore_errors=True)
setup(
    cmdclass={"build_py": WithCommit},
    options={"build": {"build_base": scratch}, "egg_info": {"egg_base": scratch}},
)
