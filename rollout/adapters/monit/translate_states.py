"""From monit's words to the states that the rest of the program knows.

Monit 5.3 to 5.33 have a word of their own for each; nothing outside this package reads them.
"""

from rollout.adapters.monit.status_parser import ServiceBlock
from rollout.model.fleet import InstanceState, ProcessIdentity, ProcessState

WITHOUT_A_PROCESS = {
    "initializing": ProcessState.STARTING,
    "not monitored": ProcessState.UNMONITORED,
    "does not exist": ProcessState.FAILED,
    "exists not": ProcessState.FAILED,
    "execution failed": ProcessState.FAILED,
    "data access error": ProcessState.UNKNOWN,
    "waiting": ProcessState.UNKNOWN,
}
"""Beginnings of the states in which monit has no process, or does not know it.

Any other word is of a rule that the operator wrote (``Resource limit matched``, ``Uptime failed``,
``PID changed``): it says something about a process that runs.  Monit joins several by `` | ``.
Source: the states of 5.0.3 to 5.33 in tests/captures/monit, and the names of its events.
"""

PLAIN = {"ok", "running"}
"""What monit says where no rule matched: ``OK`` from 5.21 on."""


def process_state(block: ServiceBlock) -> ProcessState:
    """Translate what monit calls a process; several words give the first that is not running."""
    status = block.status.lower()
    if status.startswith("initializing"):
        return ProcessState.STARTING
    if not block.monitored:
        return ProcessState.UNMONITORED
    if not status:
        return ProcessState.UNKNOWN
    for part in status.split(" | "):
        for beginning, state in WITHOUT_A_PROCESS.items():
            if part.startswith(beginning):
                return state
    return ProcessState.RUNNING


def instance_state(block: ServiceBlock, process: ProcessIdentity | None) -> InstanceState:
    """Describe an instance that monit described so, and that has ``process``."""
    status = block.status.lower()
    return InstanceState(
        name=block.name,
        state=process_state(block),
        detail=block.status,
        pending=block.pending,
        process=process,
        reported="" if status in PLAIN else block.status,
        port_test_failed="connection failed" in status,
    )
