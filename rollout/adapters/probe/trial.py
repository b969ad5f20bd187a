"""Tries a probe before there are settings: asked as a run would ask it."""

from rollout.adapters.probe.prober import PortProber, ProbeOptions, Way
from rollout.model.fleet import Instance
from rollout.ports.commands import InThread
from rollout.ports.site import CheckResult


class PortTrial:
    """Satisfies :class:`rollout.ports.discovery.ProbeTrial`; ``way`` is ssh."""

    def __init__(self, way: Way, in_thread: InThread) -> None:
        self._way = way
        self._in_thread = in_thread

    async def answers(self, template: str, host: str, instance: Instance) -> CheckResult:
        """Ask once.

        Raises:
            RemoteError: ssh failed.
        """
        prober = PortProber(self._way, ProbeOptions(template=template), self._in_thread)
        return await prober.answers(host, instance)
