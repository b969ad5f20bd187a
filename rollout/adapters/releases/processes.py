"""Which processes work on a release, and which run in one: read from ``/proc`` on the host.

Working on it are the processes of a deploy, found by their environment, which every child
inherits and no ``setsid`` sheds; only those of our own user are.  Running in it are those whose
directory, program or root lies in it.  Of other users' processes we see neither, but with
``sudo -n readlink`` the latter.
"""

from pathlib import Path

from rollout.adapters.ssh.shell_files import Script

ENDING = Script(Path(__file__).with_name("end_processes.sh"))
"""``end_ours TO NAME``; the shell that calls it may itself work on the release."""

RUNNING = Script(Path(__file__).with_name("running.sh"))
"""One look at all processes, however many: two forks, none of them for each."""
