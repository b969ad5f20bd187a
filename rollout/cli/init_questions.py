"""What ``rollout init`` asks on a terminal; elsewhere it takes what it would have proposed."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import typer

from rollout.cli.console import format_error, print_error
from rollout.discovery.host_mapping import UnmappedServer
from rollout.model.errors import RolloutError, SettingsError
from rollout.model.fleet import ServerState
from rollout.text.hostnames import split_names
from rollout.text.sanitize import sanitize

HOST = re.compile(r"[A-Za-z0-9_.:][A-Za-z0-9_.:-]*")
NAME = re.compile(r"[A-Za-z0-9_.:-]+")


@dataclass(frozen=True, slots=True)
class Questions:
    """Asks, or answers for the operator with what is proposed.

    Attributes:
        interactive: There is a terminal, and questions are wanted.
    """

    interactive: bool

    def sockets(self, here: Sequence[str]) -> tuple[str, ...]:
        """Ask where the admin sockets are; empty for the plain template.

        Raises:
            SettingsError: nothing may be asked, and there is not exactly one on this machine.
        """
        if not self.interactive:
            if len(here) == 1:
                return tuple(here)
            found = f"there are {', '.join(here)}" if here else "there is none on this machine"
            raise SettingsError([f"which admin socket of HAProxy? {found}: say --socket or --lb"])
        if here:
            print_error(f"admin sockets of HAProxy on this machine: {', '.join(here)}")
        print_error(
            "where is HAProxy's admin socket?\n"
            "  PATH on this machine, or HOST:PATH by ssh; several with blanks between them\n"
            '  "none" writes the settings without a look at the fleet'
        )
        said = self._ask("admin socket", here[0] if here else "none")
        return () if said == "none" else tuple(said.split())

    def backends(
        self, there: Mapping[str, Sequence[ServerState]], proposed: Sequence[str]
    ) -> tuple[str, ...]:
        """Ask which backends are managed."""
        if not self.interactive:
            return tuple(proposed)
        for name, rows in there.items():
            print_error(f"backend {name}: {len(rows)} servers, {', '.join(_few(rows))}")
        while True:
            said = split_names(self._ask("backends to manage", ",".join(proposed)))
            if said and all(name in there for name in said):
                return tuple(said)
            print_error(f"HAProxy has {', '.join(there)}")

    def hosts_of(self, unmapped: Sequence[UnmappedServer]) -> dict[str, str]:
        """Ask for the hosts of servers that are not known; an empty answer leaves one out."""
        answers: dict[str, str] = {}
        for one in unmapped if self.interactive else ():
            key = one.row.address or one.row.server.name
            if key in answers:
                continue
            print_error(f"server {one.row.server.backend}/{one.row.server.name}: {one.why}")
            answers[key] = self._name(f"host of {key}, as ssh knows it (empty: leave it out)", HOST)
        return {key: name for key, name in answers.items() if name}

    def match(self, names: Sequence[str], reason: str) -> str:
        """Ask which processes are the instances; empty where that stays open."""
        if not self.interactive:
            return ""
        print_error(f"which processes are the instances?  {reason}", f"watched: {', '.join(names)}")
        while True:
            said = self._ask("regular expression for their names (empty: leave it open)", "")
            try:
                whole = re.compile(said)
            except re.error as error:
                print_error(f"this is not a regular expression: {error}")
                continue
            if not said or any(map(whole.fullmatch, names)):
                return said
            print_error("it matches none of them")

    def app(self, proposed: str) -> str:
        """Ask for the name of the application."""
        if not self.interactive:
            return proposed
        return self._name("name of the application", NAME, proposed)

    def confirm(self, what: str) -> bool:
        """Ask whether to go on; yes where nothing may be asked."""
        return not self.interactive or typer.confirm(f"rollout: {what}", default=True, err=True)

    def show(self, error: RolloutError) -> None:
        """Show what became of an answer, before the next question."""
        problems = error.problems if isinstance(error, SettingsError) else (format_error(error),)
        print_error(*problems)

    def _name(self, question: str, shape: re.Pattern[str], proposed: str = "") -> str:
        while True:
            said = self._ask(question, proposed)
            if not said or shape.fullmatch(said):
                return said
            print_error(f"{said!r} is not a name")

    def _ask(self, question: str, proposed: str) -> str:
        said = typer.prompt(
            f"rollout: {sanitize(question)}",
            default=sanitize(proposed),
            show_default=bool(proposed),
            err=True,
        )
        return str(said).strip()


def _few(rows: Sequence[ServerState]) -> list[str]:
    shown = [f"{row.server.name} {row.address or '-'}:{row.port}" for row in rows[:4]]
    return [*shown, "…"] if len(rows) > len(shown) else shown
