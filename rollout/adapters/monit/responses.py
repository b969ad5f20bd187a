"""From what a script printed to what it means: our own marks first, then monit's words."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from rollout.adapters.monit.diagnosis import diagnose
from rollout.adapters.monit.proc_parser import Processes, read_processes
from rollout.adapters.monit.status_parser import ServiceBlock, first_line, parse_status
from rollout.adapters.monit.sudoers import Invocation, believed
from rollout.model.errors import RestartRefused, SupervisorError
from rollout.ports.commands import CommandResult

MARK = re.compile(r"^@monit (\d+)$", re.MULTILINE)
WHO = re.compile(r"^@who (\S+) (\S+) ?(\S*)$", re.MULTILINE)
ASKED = re.compile(r"^@asked (?P<asked>\d+) of (?P<sent>\d+)$", re.MULTILINE)
BY_GROUP = re.compile(r"^@by group$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Response:
    """A script's answer: what it found before the mark, monit's status and words after it."""

    marks: str
    status: int
    text: str
    caller: Invocation


def split_response(host: str, said: CommandResult, caller: Invocation) -> Response:
    """Split an answer at its mark.

    Raises:
        SupervisorError: the script did not get to its end, or too much was printed.
    """
    mark = MARK.search(said.out)
    if said.truncated or mark is None:
        words = first_line(said.err or said.out)
        what = "printed more than is read" if said.truncated else "did not run to its end"
        status = "without a status" if said.status is None else f"status {said.status}"
        raise SupervisorError(
            host,
            f"our command {what} ({status}: {words})",
            f"{caller.ssh} {host} '{caller.command} status'",
        )
    if who := WHO.search(said.out[: mark.start()]):
        user, path, sudo = believed(caller, who[1], who[2], who[3])
        caller = replace(caller, user=user, path=path, sudo=sudo)
    text = said.out[mark.end() :].strip("\n")
    return Response(said.out[: mark.start()], int(mark[1]), text, caller)


def parse_look(host: str, answer: Response) -> tuple[tuple[ServiceBlock, ...], Processes]:
    """Read the answer to ``commands.look``.

    Raises:
        SupervisorError: monit or sudo said no, or what they said cannot be read.
    """
    if answer.status:
        raise _troubled(host, answer)
    try:
        blocks = parse_status(answer.text, host)
    except SupervisorError as error:
        raise _troubled(host, answer) from error
    return blocks, read_processes(answer.marks.splitlines())


def confirm_asked(host: str, answer: Response, names: Sequence[str]) -> None:
    """Read the answer to ``commands.restart``.

    Raises:
        RestartRefused: certainly nothing was asked.
        SupervisorError: something may have been asked, but not everything.
    """
    requests = ASKED.search(answer.marks)
    asked, sent = (int(requests["asked"]), int(requests["sent"])) if requests else (0, 1)
    if asked and not answer.status:
        return
    trouble = diagnose(answer.status, answer.text, answer.caller)
    what = f"restart of {', '.join(names)}: {trouble.what}"
    others_first = trouble.of_one and BY_GROUP.search(answer.marks) is not None
    if not sent or (sent == 1 and trouble.untouched and not others_first):
        raise RestartRefused(host, what, trouble.fix)
    raise SupervisorError(host, f"{what}; asked before that: {asked}", trouble.fix)


def _troubled(host: str, answer: Response) -> SupervisorError:
    trouble = diagnose(answer.status, answer.text, answer.caller)
    return SupervisorError(host, trouble.what, trouble.fix)
