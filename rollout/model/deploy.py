"""One deploy, decided before anything is touched."""

from dataclasses import dataclass, field

from rollout.model.releases import BuildStep, OnFailure, Release, Switch


@dataclass(frozen=True, slots=True, kw_only=True)
class Deploy:
    """What is put in place, where, and what happens when it does not work.

    Attributes:
        fresh: The release has still to be delivered and built; otherwise every host has it and
            only the switch is left, which is a rollback on request.
        builds: The steps on the hosts, in order; those on the bastion belong to the source.
        at_once: On so many hosts at the same time.
        keep: So many good releases stay on each host.
        left_aside: Targets that are held out in part, and so are not deployed to, but serve.
    """

    release: Release
    hosts: tuple[str, ...]
    fresh: bool = True
    builds: tuple[BuildStep, ...] = field(default=())
    switch: Switch = Switch.TOGETHER
    on_failure: OnFailure = OnFailure.ROLLBACK
    at_once: int = 10
    keep: int = 5
    left_aside: tuple[str, ...] = ()
