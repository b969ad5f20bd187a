"""What to type next, as values: the summary, JSON and the tests read the same ones."""

from typing import NamedTuple

from rollout.text.wrap import wrap

COMMENT = "# "
PROGRAMS = frozenset(
    {
        *(
            "chgrp",
            "chmod",
            "chown",
            "cp",
            "echo",
            "install",
            "ls",
            "mkdir",
            "monit",
            "rm",
            "rollout",
        ),
        *(
            "socat",
            "ssh",
            "ssh-add",
            "ssh-copy-id",
            "ssh-keygen",
            "ssh-keyscan",
            "sudo",
            "systemctl",
        ),
        *("tail", "usermod", "visudo"),
    }
)
"""What a fix begins with if it is a command; anything else is a sentence."""


class NextStep(NamedTuple):
    """One line under what to type.

    Attributes:
        label: What it is for, such as ``bring back``; several of one label are tried together.
        command: As a shell takes it; empty where a person has to do it otherwise.
        comment: What it does, to whom, or what must be true before.
    """

    label: str
    command: str = ""
    comment: str = ""

    @classmethod
    def of(cls, label: str, text: str) -> "NextStep":
        """Take apart a command and, behind three blanks and ``#``, its comment."""
        command, _, comment = text.partition("   # ")
        return cls(label, command, comment)

    def lines(self, columns: int) -> list[str]:
        """Return the lines as they are shown: the comment, then the command, which is not broken.

        All of it can be pasted into a shell, which passes over the comment.
        """
        said = wrap(self.comment, columns - len(COMMENT)) if self.comment else []
        return [*(f"{COMMENT}{line}" for line in said), *([self.command] if self.command else [])]


def is_command(text: str) -> bool:
    """Tell whether a fix is a command, to be typed as it stands, and not a sentence."""
    return text.partition(" ")[0] in PROGRAMS
