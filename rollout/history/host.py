"""What past runs did to one host, the newest first."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from rollout.history.view import RunView, TargetView
from rollout.model.fleet import Server
from rollout.summary.target import TargetPhase

FEW = 5
"""Runs that are told of a host."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HostRun:
    """What one run did to one target of the host.

    Attributes:
        view: The run.
        target: The host, or an instance of it that goes out by itself.
    """

    view: RunView
    target: TargetView

    @property
    def has_it_out(self) -> bool:
        """The run left it out, or has it out now, and no later run has put it back."""
        return self.target.line.standing.out and self.target.back_by is None

    def took(self, server: Server) -> bool:
        """Tell whether the run had a server of the target, as HAProxy calls it."""
        return str(server) in self.target.line.servers

    @property
    def restarted_it(self) -> bool:
        """It came through a restart in this run."""
        return self.target.line.standing is TargetPhase.DONE and bool(self.target.turns)


def runs_of_host(views: Iterable[RunView], host: str) -> Iterator[HostRun]:
    """Yield what the last runs that touched a host did to it, at most :data:`FEW` runs.

    Args:
        views: Past runs, the newest first; no more are asked for than needed.
        host: Its name.
    """
    found = 0
    for view in views:
        targets = [one for one in view.targets if one.name.partition("/")[0] == host]
        touched = [one for one in targets if _is_told(one)]
        yield from (HostRun(view=view, target=one) for one in touched)
        found += bool(touched)
        if found == FEW:
            return


def _is_told(target: TargetView) -> bool:
    """Tell whether a run touched a target, or said why it did not."""
    return bool(target.turns) or (bool(target.line.reason) and not _is_listed(target))


def _is_listed(target: TargetView) -> bool:
    """Tell whether a resumed run only lists what the run before it had restarted."""
    return target.line.standing is TargetPhase.DONE


def latest_by_target(runs: Iterable[HostRun]) -> dict[str, HostRun]:
    """Return by target the newest run that touched it."""
    latest: dict[str, HostRun] = {}
    for one in runs:
        latest.setdefault(one.target.name, one)
    return latest
