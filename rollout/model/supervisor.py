"""What the program has to know of a kind of supervisor beside what it is asked."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class SupervisorProfile:
    """How a kind of supervisor is called and works, and what to type against its habits.

    Nothing in it depends on a host.

    Attributes:
        name: What it is called in sentences.
        running_word: What it calls a process that runs, in its own words.
        stop_allowance: Seconds with an old process and nothing pending, after which a restart
            counts as not done.  A stop that it waits for in silence must fit in.
        stop_timeout: Seconds within which a restart that it calls done cannot be a stop that timed
            out; somewhat less than it gives a stop by default.
        look_interval: Seconds between two looks while only the answers of ports are awaited; a look
            costs a process on the host.
        keeps_because: Why a restart may be called done with the old process.
        fix_when_kept: What to do where it keeps the process at each restart.
        couples_by: What makes it restart an instance together with another.
        fix_when_coupled: What to do against that.
        fix_when_busy: What to do where it does not come to the end of its own work.
    """

    name: str
    running_word: str
    stop_allowance: float
    stop_timeout: float
    look_interval: float
    keeps_because: str
    fix_when_kept: str
    couples_by: str
    fix_when_coupled: str
    fix_when_busy: str
