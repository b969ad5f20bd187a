"""Takes each safety line out of a copy of the house, and sees the scenarios go red.

``python -m tests.mutation [WORDS]`` tries those whose name has all the words.  Exit 1 if one line
can be deleted and nothing notices, 2 if the tests are red without that.
"""

import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from tests.mutation.mutants import MUTANTS, Mutant

HOME = Path(__file__).parents[2]
KEPT = ("rollout", "tests", "examples", "pyproject.toml")

ROUNDS = (
    ("tests/scenarios/test_recovery.py", "tests/scenarios/test_acquire.py"),
    ("tests/unit/lock/test_ownership_log.py", "tests/unit/model/test_ownership.py"),
    ("tests/scenarios/test_random_lives.py",),
    ("tests/scenarios",),
)
"""What is most likely to notice comes first; each round is cut off at its first red test."""

ENOUGH = {"LIVES": "4000"}
"""Lives in which a missing line is to be noticed: those of a test run, whatever is set outside."""


def main(words: list[str]) -> int:
    chosen = [mutant for mutant in MUTANTS if all(word in mutant.loses for word in words)]
    if red := who_notices(None):
        print(f"the house as it is fails in {red}: nothing can be said of its lines")  # noqa: T201
        return 2
    survivors = 0
    for mutant in chosen:
        began = time.monotonic()
        noticed = who_notices(mutant)
        survivors += not noticed
        said = noticed or "NOBODY NOTICES"
        print(f"{time.monotonic() - began:5.0f}s  {mutant.loses}: {said}", flush=True)  # noqa: T201
    print(f"{len(chosen)} safety lines, {survivors} survived")  # noqa: T201
    return 1 if survivors else 0


def who_notices(mutant: Mutant | None) -> str:
    """Name the first test that goes red without the line; empty if none does.

    Without a mutant: of the house as it is, where nothing may go red.
    """
    with tempfile.TemporaryDirectory(prefix="rollout-mutant-") as place:
        house = Path(place)
        for name in KEPT:
            copy = shutil.copytree if (HOME / name).is_dir() else shutil.copy
            copy(HOME / name, house / name)
        if mutant is not None:
            _take_out(mutant, house)
        rounds = (mutant.noticed_by,) if mutant and mutant.noticed_by else ROUNDS
        for tests in rounds:
            if noticed := first_red(house, tests):
                return noticed
    return ""


def _take_out(mutant: Mutant, house: Path) -> None:
    file = house / "rollout" / mutant.file
    text = file.read_text(encoding="utf-8")
    if text.count(mutant.line) != 1:
        raise SystemExit(f"{mutant.file} has not once: {mutant.line}")
    file.write_text(text.replace(mutant.line, mutant.instead), encoding="utf-8")


def first_red(house: Path, tests: tuple[str, ...]) -> str:
    real = any("integration" in one for one in tests)
    marked = [] if real else ["-m", "not integration"]
    words = ["-x", "-q", "-n", "2", *marked, "-p", "no:cacheprovider", *tests]
    done = subprocess.run(
        [sys.executable, "-m", "pytest", *words],
        cwd=house,
        env={**os.environ, **ENOUGH, "PYTHONPATH": str(house)},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode == 0:
        return ""
    found = re.search(r"^(?:FAILED|ERROR) (\S+)", done.stdout, re.MULTILINE)
    return found[1] if found else f"pytest ended with {done.returncode}"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
