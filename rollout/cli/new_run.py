"""A run that is about to begin: its id, its journal, and what it says of itself in the lock."""

import os
import secrets
import shlex
import sys
from collections.abc import Collection, Mapping
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
from rollout.planning.drift import matters
from rollout.settings.defaults import is_added, is_known, other_than_default, with_added
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
    written = written_settings(loaded)
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
        settings=dict(written),
        chosen=[*other_than_default(written)],
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


def changed(
    before: Mapping[str, str], now: Mapping[str, str], chosen: Collection[str] | None = None
) -> tuple[str, ...]:
    """Say what is set otherwise than it was; of a secret never what it was or is.

    What another version of rollout has, and nothing sets, is no difference, and neither is what
    changes nothing of what a run does to a fleet, as in a plan file.

    Args:
        before: The settings of a past run, by dotted key.
        now: Those that hold now.
        chosen: The keys of ``before`` that were not at their default; None where that is not known.
    """
    before = {
        key: text
        for key, text in with_added(before, now).items()
        if key in now or is_known(key) or chosen is None or key in chosen
    }
    keys = dict.fromkeys((*before, *now))
    return tuple(
        f"{key} {_difference(key, before, now)}"
        for key in keys
        if before.get(key) != now.get(key) and matters(key)
    )


def _difference(key: str, before: Mapping[str, str], now: Mapping[str, str]) -> str:
    was, is_now = before.get(key, ""), now.get(key, "")
    sealed = is_sealed(was) or is_sealed(is_now)
    if not was and is_added(key, before):
        what = "is set" if sealed else redact(f"is {is_now}")
        return f"{what}, and the version of rollout that began the run did not have it"
    if not is_now and not is_known(key):
        what = "was set" if sealed else redact(f"was {was}")
        return f"{what}, and this version of rollout does not have it"
    if not sealed:
        return redact(f"was {was or 'not set'}, is {is_now or 'not set'}")
    if is_sealed(was) and is_sealed(is_now) and not comparable(was, is_now):
        return "may have been changed: its digest is of another key than that of this machine"
    return "was changed" if was and is_now else "was set" if is_now else "was removed"
