"""Two examples for each command that acts; its help prints them, and a test plays them."""

from collections.abc import Mapping

EXAMPLES: Mapping[str, Mapping[str, str]] = {
    "restart": {
        "rollout restart --hosts web1": "one host, before all others",
        "rollout restart --canary 1 --soak 30s": "one first, watched under traffic",
    },
    "uninterrupted": {
        "rollout deploy --ref main": "the newest commit of a branch",
        "rollout deploy -H web1 --on-failure stop": "one host; left out if it fails",
    },
    "rollback": {
        "rollout rollback": "to the last good release",
        'rollout rollback -m "the cart is slow"': "the lock and the journal keep why",
    },
    "recover": {
        "rollout recover": "shows what is out, and asks",
        "rollout recover --abandon --yes": "leaves it out, to be put back by hand",
    },
    "resume": {
        "rollout resume": "shows what is left, and asks",
        "rollout resume --replan --yes": "with the settings as they are now",
    },
    "prune": {
        "rollout prune --keep 3": "the three newest good ones stay",
        "rollout prune --hosts web1": "as many as deploy.keep says stay",
    },
    "lock acquire": {
        'rollout lock acquire -m "moving racks"': "until it is released",
        'rollout lock acquire --reason "OPS-311"': "a refused run says why",
    },
    "lock release": {
        "rollout lock release": "asks if another person holds it",
        "rollout lock release --yes": "does not ask",
    },
    "lock break": {
        "rollout lock break": "shows whose it is, and asks",
        "rollout lock break --yes": "does not ask",
    },
}
"""By command what is typed, and what that does."""
