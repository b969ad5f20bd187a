"""``rollout restart``: every app server in turn, without one failed request."""

from rollout.cli.act import act
from rollout.cli.arguments import Arguments
from rollout.deploy.preflight import restart_preflight
from rollout.model.findings import PreflightReport
from rollout.ports.site import Site
from rollout.restart.server_mapping import Selection
from rollout.settings.load import Loaded


def restart(arguments: Arguments, loaded: Loaded) -> int:
    """Run the command and return its exit code."""

    async def ready(scope: Selection, site: Site) -> tuple[PreflightReport, None]:
        return await restart_preflight(scope, site), None

    return act("restart", arguments, loaded, ready)
