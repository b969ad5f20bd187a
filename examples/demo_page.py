"""Plays the demo on a terminal of a fixed size and writes what the manual shows of it.

``make demo-page`` runs ``make demo``'s own program in tmux, takes pictures of the screen at the
moments below, and writes them as SVG into ``docs/_static``, with a transcript of the whole in
``docs/start/demo.md``.  What tells of the machine is replaced; nothing else is made up.

A test holds that a demo of today still prints lines of that shape.
"""

import argparse
import getpass
import os
import re
import shlex
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from io import StringIO
from pathlib import Path
from typing import Self

from rich.console import Console
from rich.text import Text

COLUMNS, ROWS = 100, 30
LOOK_EVERY = 0.2
LONGEST = 300.0
"""Seconds that the demo may take."""

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "start" / "demo.md"
PICTURES = ROOT / "docs" / "_static"
BEGIN, END = "<!-- begin: written by make demo-page -->\n", "<!-- end -->\n"

SVG = """\
<svg class="rich-terminal" viewBox="0 0 {width} {height}" xmlns="http://www.w3.org/2000/svg">
<style>
.{unique_id}-matrix {{ font-family: ui-monospace, "DejaVu Sans Mono", Menlo, Consolas, monospace;
 font-size: {char_height}px; line-height: {line_height}px; }}
.{unique_id}-title {{ font-size: 18px; font-weight: bold; font-family: sans-serif; }}
{styles}
</style>
<defs>
<clipPath id="{unique_id}-clip-terminal">
<rect x="0" y="0" width="{terminal_width}" height="{terminal_height}" />
</clipPath>
{lines}
</defs>
{chrome}
<g transform="translate({terminal_x}, {terminal_y})" clip-path="url(#{unique_id}-clip-terminal)">
{backgrounds}
<g class="{unique_id}-matrix">
{matrix}
</g>
</g>
</svg>
"""
"""rich's own picture of a terminal without its font, which it would load from another machine."""


@dataclass
class Moment:
    """One picture: taken at the first look at which ``shows`` is true.

    Attributes:
        name: The file's name, without its ending.
        title: What stands above the picture.
        shows: Judges the lines of the screen.
        seen: The screen as tmux gave it, with its colours.
    """

    name: str
    title: str
    shows: Callable[[Sequence[str]], bool]
    seen: str = field(default="", init=False)


def has(lines: Sequence[str], *patterns: str) -> bool:
    """Tell whether each pattern is found in some line."""
    return all(any(re.search(pattern, line) for line in lines) for pattern in patterns)


def moments() -> tuple[Moment, ...]:
    """Return what is worth a picture, in its order."""
    return (
        Moment(
            "demo-plan",
            "rollout plan uninterrupted",
            lambda lines: has(lines, r"^Plan: ", r"^\(exit 0 "),
        ),
        Moment(
            "demo-live",
            "rollout uninterrupted",
            lambda lines: has(lines, r"^ done .* 1 of 3 ", r"^ web2 .* verifying ", r"^ impact "),
        ),
        Moment(
            "demo-rolled-back",
            "rollout uninterrupted, of a release that cannot boot",
            lambda lines: has(lines, r"^rollout: FAILED \(exit 7\)", r"^\(exit 7 "),
        ),
    )


class Screen:
    """The demo in a terminal of tmux, of a server of its own."""

    def __init__(self, directory: Path) -> None:
        conf = directory / "tmux.conf"
        conf.write_text(
            "set -g history-limit 20000\nset -g status off\nset -g remain-on-exit on\n"
            'set -g remain-on-exit-format ""\nset -g default-terminal screen-256color\n'
        )
        self._ended = directory / "exit-code"  # tmux 3.3a may not tell it
        self._tmux = ["tmux", "-S", str(directory / "socket"), "-f", str(conf)]

    def __enter__(self) -> Self:
        environ = {name: text for name, text in os.environ.items() if name not in PRIVATE}
        environ |= {"LANG": "C.UTF-8", "LC_ALL": "C.UTF-8"}
        size = ("-x", str(COLUMNS), "-y", str(ROWS))
        demo = shlex.join([sys.executable, "-m", "examples.demo"])
        line = f"{demo}; echo $? > {shlex.quote(str(self._ended))}"
        command = [*self._tmux, "new-session", "-d", *size, line]
        subprocess.run(command, env=environ, cwd=ROOT, check=True)
        return self

    def __exit__(self, *_: object) -> None:
        self._ask("kill-server")

    def _ask(self, *words: str) -> str:
        asked = subprocess.run([*self._tmux, *words], capture_output=True, text=True, check=False)
        return asked.stdout

    @property
    def code(self) -> int | None:
        """The exit code of the demo; None while it goes on."""
        text = self._ended.read_text() if self._ended.exists() else ""
        return int(text) if text.endswith("\n") else None

    def picture(self) -> str:
        """Return what is on the screen now, with its colours."""
        return self._ask("capture-pane", "-e", "-p")

    def all_lines(self) -> str:
        """Return all that has been on the screen."""
        return self._ask("capture-pane", "-p", "-J", "-S", "-")


PRIVATE = ("SUDO_USER", "SSH_CONNECTION", "SSH_CLIENT", "NO_COLOR", "TMUX")
"""What a run says of the person behind it, or is drawn otherwise with."""


def neutral_words(text: str) -> str:
    """Replace what tells of the machine on which the demo ran."""
    text = text.replace(f"{getpass.getuser()}@{socket.gethostname()}", "ops@bastion1")
    text = re.sub(rf"{re.escape(tempfile.gettempdir())}/rollout-fleet-\w+", "/tmp/fleet", text)
    for ours in (f"{Path(sys.executable).parent}/", ".venv/bin/"):
        text = text.replace(f"{ours}rollout", "rollout")
    return text.replace(f"{ROOT}/", "")


def svg(moment: Moment) -> str:
    """Draw what was on the screen at a moment."""
    console = Console(
        record=True, width=COLUMNS, file=StringIO(), force_terminal=True, color_system="truecolor"
    )
    lines = neutral_words(moment.seen).rstrip("\n").split("\n")
    for line in lines:
        console.print(Text.from_ansi(line), no_wrap=True, overflow="crop", crop=True)
    console.print()  # what is on the last line is cut off by the frame
    drawn = console.export_svg(title=moment.title, code_format=SVG, unique_id=moment.name)
    return "".join(f"{line.rstrip()}\n" for line in drawn.splitlines())


def play() -> tuple[str, tuple[Moment, ...]]:
    """Run the demo; return all that it printed, and its moments.

    Raises:
        SystemExit: the demo failed, took too long, or a moment did not come.
    """
    left, end = list(moments()), time.monotonic() + LONGEST
    taken: list[Moment] = []
    with (
        tempfile.TemporaryDirectory(prefix="demo-page-") as directory,
        Screen(Path(directory)) as screen,
    ):
        while (code := screen.code) is None:
            if time.monotonic() > end:
                sys.exit(f"the demo has not ended within {LONGEST:g} s")
            seen = screen.picture()
            if left and left[0].shows(re.sub(r"\x1b\[[0-9;]*m", "", seen).splitlines()):
                left[0].seen = seen
                taken.append(left.pop(0))
            time.sleep(LOOK_EVERY)
        text = screen.all_lines()
    if code or left:
        missed = ", ".join(moment.name for moment in left) or "nothing"
        sys.exit(f"{text}\nthe demo ended with {code}; missed: {missed}")
    return text, tuple(taken)


def transcript(text: str) -> str:
    """Return what the demo printed as it stands in the manual."""
    lines = [line.rstrip() for line in neutral_words(text).strip().splitlines()]
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)) + "\n"


def written(page: str) -> str:
    """Return the transcript of a page.

    Raises:
        ValueError: it has none.
    """
    _, begin, rest = page.partition(BEGIN)
    block, end, _ = rest.partition(END)
    if not begin or not end:
        raise ValueError("the page has no transcript")
    return block.removeprefix("```text\n").removesuffix("```\n")


def shape(text: str) -> list[str]:
    """Return what is alike in each demo: how its lines at the margin begin, without numbers.

    Lines of the live screen and what is below a line are indented; an event begins with its time.
    """
    plain = re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]|\r", "", neutral_words(text))
    lines = [line for line in plain.splitlines() if line and not line[0].isspace()]
    begins = [" ".join(line.split()[:3]) for line in lines if not re.match(r"\d\d:\d\d:", line)]
    return [re.sub(r"\b[0-9a-f]{6,}\b|[0-9][0-9.,]*", "N", begin) for begin in begins]


def main() -> None:
    argparse.ArgumentParser(prog="python -m examples.demo_page", description=__doc__).parse_args()
    text, taken = play()
    page = PAGE.read_text(encoding="utf-8")
    old = f"{BEGIN}```text\n{written(page)}```\n{END}"
    PAGE.write_text(page.replace(old, f"{BEGIN}```text\n{transcript(text)}```\n{END}"), "utf-8")
    for moment in taken:
        (PICTURES / f"{moment.name}.svg").write_text(svg(moment), encoding="utf-8")


if __name__ == "__main__":
    main()
