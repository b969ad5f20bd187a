"""A stand-in for Alertmanager's amtool: `silence add` prints a number, `silence expire` ends it."""

from dataclasses import dataclass
from pathlib import Path

PROGRAM = """\
#!/bin/sh
# amtool silence add [--flag=…] MATCHER…; amtool silence expire NUMBER
printf '%s\\n' "$*" >>'{directory}/calls'
case "$1 $2" in
'silence add')
    number="$(date +%s%N)-$$"
    : >'{directory}'/silent/"$number"
    printf '%s\\n' "$number"
    ;;
'silence expire')
    rm '{directory}'/silent/"$3" || {{ echo "amtool: error: silence not found" >&2; exit 1; }}
    ;;
*) exit 2 ;;
esac
"""


@dataclass(frozen=True)
class Amtool:
    """Where the program stands, and what it knows."""

    directory: Path

    @classmethod
    def install(cls, directory: Path) -> "Amtool":
        (directory / "silent").mkdir(parents=True)
        program = directory / "amtool"
        program.write_text(PROGRAM.format(directory=directory))
        program.chmod(0o755)
        return cls(directory)

    @property
    def silent(self) -> list[str]:
        return sorted(path.name for path in (self.directory / "silent").iterdir())

    @property
    def calls(self) -> list[str]:
        calls = self.directory / "calls"
        return calls.read_text().splitlines() if calls.exists() else []
