"""What every step of a run works with: its plan, the outside world, and what hears of events."""

from dataclasses import dataclass

from rollout.model.deploy import Deploy
from rollout.model.plan import Plan
from rollout.ports.releases import Releases
from rollout.ports.site import DeployServices, Site, Tell


@dataclass(frozen=True, slots=True)
class RunContext:
    """One run, as one argument.

    Attributes:
        plan: What will be done, decided before anything is touched.
        site: The outside world.
        tell: Hears of every event, in order.
    """

    plan: Plan
    site: Site
    tell: Tell


@dataclass(frozen=True, slots=True)
class DeployContext(RunContext):
    """One deploy or rollback, as one argument.

    Attributes:
        deploy: What is put in place, and where.
    """

    deploy: Deploy

    @property
    def services(self) -> DeployServices:
        """The source of the code, and the operator's own hooks."""
        return self.site.require_services()

    @property
    def releases(self) -> Releases:
        """The releases on the hosts."""
        return self.site.require_releases()
