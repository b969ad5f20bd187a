"""Takes back on a host what deploys that died have left there, by their notes."""

from pathlib import Path

from rollout.adapters.releases.deploy_notes import DISCARDING
from rollout.adapters.releases.processes import ENDING, RUNNING
from rollout.adapters.releases.shell_functions import COMMON
from rollout.adapters.releases.symlink_scripts import MOVING, RESTORING
from rollout.adapters.ssh.shell_files import Script

TIDY = Script(
    *(COMMON, ENDING, RUNNING, MOVING, RESTORING, DISCARDING),
    Path(__file__).with_name("tidy.sh"),
)
"""``$1`` is ``deploy.to``, the rest how a link in ``/proc`` is read."""


def parse_tidy(text: str) -> tuple[str, ...]:
    """Make a sentence of each line that ``TIDY`` printed."""
    return tuple(_sentence(*line.split(" ", 1)) for line in text.splitlines() if " " in line)


def _sentence(what: str, rest: str) -> str:
    if what == "live":
        return f"kept {rest}, left by a deploy that did not end: it is live"
    if what == "busy":
        return (
            f"kept {rest}, left by a deploy that did not end: a process runs in it, "
            "although current does not lead to it"
        )
    if what == "left":
        return f"could not remove {rest}, left by a deploy that did not end"
    name, was, removed = rest.split(" ")
    done = ["current restored"] if was == "restored" else []
    done += ["directory removed"] if removed == "yes" else []
    if removed == "unseen":
        done.append("directory kept and marked bad: the processes that run in it cannot be seen")
    what = ", ".join(done) or "nothing was made"
    return f"took back {name}, left by a deploy that did not end: {what}"
