"""A run that is about to begin: its id, its journal, and what it says of itself in the lock."""

import os
import secrets
import shlex
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from rollout.adapters.journal.history import Journals
from rollout.adapters.journal.preflight import refuse_private, try_directory
from rollout.adapters.journal.secret_digests import comparable, is_sealed, open_digests
from rollout.adapters.journal.serialization import spell_holder
from rollout.adapters.journal.writer import Journal
from rollout.adapters.local.person import client, sudo_user
from rollout.adapters.local.process_identity import this_process, user
from rollout.cli.run_spec import RunSpec
from rollout.events import RunBegan
from rollout.model.fleet import Finding
from rollout.model.lock_state import Kind, LockOwner
from rollout.paths import state_directory
from rollout.settings.dump import as_text
from rollout.settings.load import Loaded
from rollout.settings.model import Settings
from rollout.text.redact import redact
from rollout.text.timestamps import to_the_second, utc_now
from rollout.version import version


@dataclass(frozen=True, slots=True)
class NewRun:
    """One run, before anything was contacted.

    Attributes:
        owner: What the lock will say.
        journal: Where everything is written down.
        history: The runs before this one.
    """

    owner: LockOwner
    journal: Journal
    history: Journals

    @property
    def run(self) -> str:
        return self.owner.run

    def began(self, spec: RunSpec) -> RunBegan:
        """Say what the run is and where it comes from."""
        owner, file = self.owner, spec.loaded.file
        return RunBegan(
            app=spec.loaded.settings.app,
            env=spec.typed.env or "",
            verb=spec.verb,
            hosts=tuple(spec.hosts),
            command=owner.command,
            user=owner.user,
            sudo_user=owner.sudo_user,
            client=owner.client,
            bastion=owner.process.host,
            since=owner.since,
            reason=owner.reason,
            version=version(),
            config=str(file) if file else "",
        )


def begin(spec: RunSpec) -> NewRun:
    """Begin the journal of a run; the settings are in it for a run that resumes this one.

    Raises:
        RecordError: nothing can be written down, so nothing is begun.
    """
    loaded = spec.loaded
    app, directory = loaded.settings.app, state_directory(os.environ)
    refuse_private(directory, _sockets(loaded.settings))
    owner = current_owner(Kind.RUN, redact(spec.reason))
    journal = Journal.begin(directory, app, owner.run)
    journal.put(
        "began",
        at=owner.since,
        app=app,
        verb=spec.verb,
        owner=spell_holder(owner),
        hosts=list(spec.hosts),
        flags={
            flag: redact(value) for flag, value in (spec.flags or {}).items() if value is not None
        },
        settings=dict(written_settings(loaded)),
        done=list(spec.done),
        renewed={target: list(names) for target, names in spec.renewed.items()},
    )
    return NewRun(owner, journal, Journals(directory, app, but=owner.run))


def history_of(settings: Settings) -> Journals:
    """Return the runs of the app that this machine knows of."""
    return Journals(state_directory(os.environ), settings.app)


def try_journal(settings: Settings) -> tuple[Finding, ...]:
    """Say what would keep a run from writing its journal, by writing."""
    return try_directory(state_directory(os.environ), _sockets(settings))


def _sockets(settings: Settings) -> tuple[Path, ...]:
    """List the admin sockets, if all of them are on this machine."""
    balancers = settings.balancers.values()
    here = all(not balancer.ssh for balancer in balancers)
    return tuple(Path(balancer.socket) for balancer in balancers) if here else ()


def current_owner(kind: Kind, reason: str = "") -> LockOwner:
    """Describe ourselves, for a lock."""
    login = user()
    return LockOwner(
        run=secrets.token_hex(3),
        kind=kind,
        user=login,
        process=this_process(),
        since=to_the_second(utc_now()),
        command=shlex.join(["rollout", *map(redact, sys.argv[1:])]),
        reason=reason,
        sudo_user=sudo_user(os.environ, login),
        client=client(os.environ),
    )


def written_settings(loaded: Loaded) -> Mapping[str, str]:
    """Return the settings as a journal has them: a digest in place of each secret."""
    return as_text(loaded, open_digests(state_directory(os.environ)).seal)


def changed(before: Mapping[str, str], now: Mapping[str, str]) -> tuple[str, ...]:
    """Say what is set otherwise than it was; of a secret never what it was or is."""
    keys = dict.fromkeys((*before, *now))
    return tuple(
        f"{key} {_difference(before.get(key, ''), now.get(key, ''))}"
        for key in keys
        if before.get(key) != now.get(key)
    )


def _difference(before: str, now: str) -> str:
    if not is_sealed(before) and not is_sealed(now):
        return redact(f"was {before or 'not set'}, is {now or 'not set'}")
    if is_sealed(before) and is_sealed(now) and not comparable(before, now):
        return "may have been changed: its digest is of another key than that of this machine"
    return "was changed" if before and now else "was set" if now else "was removed"
