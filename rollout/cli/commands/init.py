"""``rollout init``: an annotated settings file, with the values that fit the fleet."""

import errno
import os
import shutil
import sys
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import typer

from rollout.adapters.local.whole_file import replace_file
from rollout.cli.arguments import Arguments
from rollout.cli.commands.check import check
from rollout.cli.console import print_error, print_output
from rollout.cli.init_questions import Questions
from rollout.cli.init_request import InitRequest, request_of
from rollout.cli.init_session import InitSession
from rollout.cli.options import EXCLUDE, HOSTS
from rollout.discovery.proposal import NOT_KNOWN, open_questions, propose
from rollout.model.errors import RolloutError, SettingsError
from rollout.output.proposal import proposal_text
from rollout.paths import FILE_NAME
from rollout.settings.annotated import annotated_file, template
from rollout.summary.run import Exit

MODE = 0o644
"""Of a settings file that replaces another: it has no secrets."""


def init(arguments: Arguments) -> int:
    """Run the command and return its exit code."""
    request = request_of(arguments)
    file = Path(FILE_NAME)
    if os.path.lexists(file) and not request.force:
        raise SettingsError([f"{file} is already there; --force replaces it"])
    if not os.access(file.parent, os.W_OK):
        raise SettingsError([f"{file} cannot be written: {os.strerror(errno.EACCES)}"])
    questions = Questions(interactive=sys.stdin.isatty() and not request.yes)
    if not request.given and not questions.interactive:
        print_error("stdin is no terminal and no option says where to look: no fleet is looked at")
        return _write_template(file, request)
    written = False
    try:
        text = _proposed_text(request, questions)
        if text is None:
            return _write_template(file, request)
        if not questions.confirm(f"Write {file}?"):
            raise RolloutError("nothing was written")
        _write(file, text, request)
        written = True
        print_error(f"wrote {file}: read it, then try `rollout check`")
        if questions.interactive and questions.confirm("Run `rollout check` now?"):
            typed = replace(arguments.typed, config=str(file))
            return check(Arguments(typed=typed, values={HOSTS: None, EXCLUDE: None}))
    except (KeyboardInterrupt, typer.Abort):
        print_error(f"stopped; {file} is written" if written else "stopped; nothing was written")
        return Exit.INTERRUPTED
    return Exit.DONE


def _proposed_text(request: InitRequest, questions: Questions) -> str | None:
    """Look at the fleet and show what fits it; None where no look is wanted."""
    session = InitSession(request, questions)
    try:
        seen = session.look()
    finally:
        session.close()
    if seen is None:
        return None
    suggestions = propose(seen, section=session.section, ssh_config=request.ssh_config)
    head = (
        "Written by `rollout init`.  The comment above a value says what was seen; one that begins "
        f'with "{NOT_KNOWN}" says what was not.'
    )
    text = annotated_file(suggestions, [head])
    print_error("these settings fit:")
    print_output(proposal_text(suggestions, shutil.get_terminal_size().columns))
    if missing := open_questions(suggestions):
        print_error(f"{len(missing)} of them could not be found out; the file says which, and why")
    return text


def _write_template(file: Path, request: InitRequest) -> int:
    _write(file, template(), request)
    print_error(f"wrote {file}: set app, balancers and hosts in it, then try `rollout check`")
    return Exit.DONE


def _write(file: Path, text: str, request: InitRequest) -> None:
    try:
        if request.force:
            replace_file(file, text, MODE)  # so that a full disk does not cost the old file
        else:
            _create(file, text)
    except FileExistsError:
        raise SettingsError([f"{file} is already there; --force replaces it"]) from None
    except OSError as error:
        raise SettingsError([f"{file} cannot be written: {error.strerror}"]) from error


def _create(file: Path, text: str) -> None:
    """Write a new file; one that a full disk has torn is removed, so that no run reads it."""
    new = file.open("x", encoding="utf-8")
    try:
        with new:
            new.write(text)
    except BaseException:
        with suppress(OSError):
            file.unlink()
        raise
