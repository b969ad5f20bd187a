"""What it costs to start: beside an interpreter that does nothing, in the same minute.

    python -m benchmarks.startup [rounds]

The cases take turns.  ``restart --hosts nobody`` is all of a restart up to where it would begin.
"""

import statistics
import sys
import tempfile
from compileall import compile_dir
from pathlib import Path

import rollout
from benchmarks.same_run.children import Ran, load, run

SETTINGS = """\
app = "shop"
[balancers.lb1]
socket = "/run/haproxy/admin.sock"
[fleet]
hosts = ["web[01-08]"]
"""

TARGETS = {"--version": 1.5, "--help": 13.0, "restart --hosts nobody": 60.0}
"""Wall time in units of ``python -c pass``; measured in advance on the parts."""


def cases(settings: str) -> dict[str, list[str]]:
    ours = [sys.executable, "-m", "rollout"]
    with_settings = [*ours, "--config", settings]
    return {
        "python -c pass": [sys.executable, "-c", "pass"],
        "--version": [*ours, "--version"],
        "--help": [*ours, "--help"],
        "restart --help": [*ours, "restart", "--help"],
        "config": [*with_settings, "config"],
        "restart --hosts nobody": [*with_settings, "restart", "--hosts", "nobody"],
        "import of everything": [sys.executable, "-c", "import rollout.cli.wiring"],
    }


def main() -> None:
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 10
    compile_dir(Path(rollout.__file__).parent, quiet=1)
    with tempfile.TemporaryDirectory() as directory:
        settings = Path(directory, "rollout.toml")
        settings.write_text(SETTINGS)
        commands = cases(str(settings))
        taken: dict[str, list[Ran]] = {name: [] for name in commands}
        for _ in range(rounds):
            for name, argv in commands.items():
                taken[name].append(run(argv, quietly=True))
    print(f"Start-up, medians of {rounds}; {load()}")
    print(f"  {'':<24}  wall ms   ratio   cpu ms   ratio  MB")
    base = None
    for name, runs in taken.items():
        wall, cpu = (
            statistics.median(v) for v in zip(*((r.wall, r.cpu) for r in runs), strict=True)
        )
        base = base or (wall, cpu)
        target = f"  (target {TARGETS[name]:g})" if name in TARGETS else ""
        print(f"  {name:<24} {wall * 1000:8.0f} {wall / base[0]:7.1f}", end="")
        print(f" {cpu * 1000:8.0f} {cpu / base[1]:7.1f} {runs[0].rss:3.0f}{target}")


if __name__ == "__main__":
    main()
