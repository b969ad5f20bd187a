"""What a place is asked about a lock: one script, so that here and there it is the same thing.

The lock of an app lies in a directory of its own, ``DIRECTORY/rollout-APP``, beside everything else
that belongs to it.  Before anything there is read or written the script judges who made it: only
the login itself, root and the team's group may be able to write there, and no link is followed.

The lock is a directory that comes into being whole, by a rename, so a reader finds its owner in it.
All acts on it take turns (``flock`` on the app's directory, which the kernel lets go of when a
process dies), so looking whose it is and changing it are one act.  New content is written into a
file that did not exist (``O_EXCL``, so no link is followed) and renamed over the old one.
"""

from pathlib import Path

from rollout.adapters.ssh.shell_files import Script

HELD, LOST, UNSAFE, STILL_OUT = 75, 76, 77, 78
"""Exit codes: another run's; not ours any more; made by a stranger; still lists servers.

With the first two what stands there is printed, with the third what is wrong with it.
"""

LOCK = Script(Path(__file__).with_name("lock.sh"))
