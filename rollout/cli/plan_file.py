"""The file of `--from-plan`: read, and its options put where none were typed."""

import os
from dataclasses import replace
from pathlib import Path
from typing import Any

from rollout.cli.arguments import Arguments
from rollout.cli.console import type_as
from rollout.cli.options import ACCEPT_SICK, EXCLUDE, FROM_PLAN, HOSTS, INCLUDE_LEFT_OUT, TO
from rollout.model.errors import SettingsError
from rollout.model.planned_run import PlannedRun, RunRequest
from rollout.planning.plan_file import ANEW, NoPlanError, read_plan
from rollout.settings.defaults import with_added
from rollout.settings.options import SETTINGS, Option
from rollout.text.redact import MASK
from rollout.trusted_paths import UntrustedPath, open_file

FLAGS = frozenset(option.flag for option in (*SETTINGS, ACCEPT_SICK))
"""All that stand in a plan: those of any command, for one of another command is a difference."""


def as_planned(arguments: Arguments) -> Arguments:
    """Return the arguments with what the plan file says, where the command line says nothing.

    Raises:
        SettingsError: the file cannot be read, or is no plan.
    """
    planned = _read(Path(arguments.text(FROM_PLAN) or ""))
    request, values = planned.request, dict(arguments.values)
    for option, value in values.items():
        if not value:
            values[option] = _said(option, request) or value
    if not values[HOSTS] and not values[EXCLUDE]:
        values[HOSTS] = list(request.hosts)
    typed = arguments.typed
    if typed.env is None and request.env:
        typed = replace(typed, env=request.env)
        type_as(typed.rollout)
    return Arguments(typed=typed, values=values, planned=planned)


def with_added_settings(planned: PlannedRun, now: PlannedRun) -> PlannedRun:
    """Return a plan of an older version with the settings that were added and that nothing sets."""
    settings = with_added(planned.request.settings, now.request.settings)
    return replace(planned, request=replace(planned.request, settings=settings))


def _said(option: Option, request: RunRequest) -> Any:  # noqa: ANN401 - as typer reads it
    """Return the value that the plan has for ``option``; a secret in it is not known there."""
    if option is TO:
        return request.to
    if option is INCLUDE_LEFT_OUT:
        return request.include_left_out
    value = request.flags.get(option.flag, "")
    if option is ACCEPT_SICK or (option.setting and not option.metavar):
        return value == "true"
    return value if option.setting and MASK not in value else None


def _read(file: Path) -> PlannedRun:
    try:
        if os.geteuid() == 0:
            with os.fdopen(open_file(file), encoding="utf-8") as opened:
                text = opened.read()
        else:
            text = file.read_text(encoding="utf-8")
        return _of_known_flags(read_plan(text))
    except UntrustedPath as error:
        why = f"is not read as root: {error}; see `{error.fix}`"
    except FileNotFoundError:
        why = "is not there"
    except OSError as error:
        why = f"cannot be read: {error.strerror}"
    except UnicodeDecodeError as error:
        why = f"is not UTF-8 (at byte {error.start})"
    except NoPlanError as error:
        why = str(error)
    raise SettingsError([f"--from-plan: {file} {why}"])


def _of_known_flags(planned: PlannedRun) -> PlannedRun:
    """Return the plan, if each of its flags is one that a run would have kept to.

    Raises:
        NoPlanError: one of them is not known.
    """
    if unknown := [flag for flag in planned.request.flags if flag not in FLAGS]:
        raise NoPlanError(f"has plan.request.flags.{unknown[0]}, which is not known here{ANEW}")
    return planned
