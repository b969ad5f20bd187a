"""Rollout with less patience for an old process: a recovery in vain ends in 14 s, not in 45."""

import subprocess

from examples.fleet import Fleet
from tests.support.patched_rollout import run_patched

IMPATIENT = """\
from dataclasses import replace
from rollout.adapters.monit import supervisor
from rollout.__main__ import main

supervisor.MONIT = replace(supervisor.MONIT, stop_allowance=4.0)
main()
"""
"""rollout, which calls an old process not restarted after 4 s: the stop timeout here is 2 s."""


def impatient(fleet: Fleet, *words: str) -> subprocess.CompletedProcess[str]:
    return run_patched(fleet, IMPATIENT, words=words, timeout=90)
