"""How monit is called and works, for sentences and patience outside this package."""

from rollout.model.supervisor import SupervisorProfile

MONIT = SupervisorProfile(
    name="monit",
    running_word="OK",
    # Its own stop timeout (30 s) and some: 5.18 shows a plain "Running" with the old pid while it
    # waits for the process to stop (seen in its captures); later versions show the pending mark.
    stop_allowance=35.0,
    # It gives a stop program 30 s unless told otherwise.  The process that it asked to end may
    # still do so, and is no fit one; that of a `restart program` was never asked to.
    stop_timeout=20.0,
    look_interval=1.0,
    keeps_because=(
        "its stop program timed out, or it has a `restart program` that keeps the process"
    ),
    fix_when_kept=(
        "if monit was reloaded or started just then, it forgot the request: go on; otherwise "
        "take `restart program` out of monit's control file, so that monit stops and starts "
        "it, and reload monit"
    ),
    couples_by="`depends on`",
    fix_when_coupled=(
        "restart whole hosts (--by host), or take `depends on` out of monit's control file and "
        "reload monit"
    ),
    fix_when_busy=(
        "wait until nothing is pending in `monit summary` there, or raise monit.busy_timeout"
    ),
)
