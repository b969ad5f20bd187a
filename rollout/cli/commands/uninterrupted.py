"""``rollout uninterrupted``: a new release on every server, without one failed request."""

from functools import partial

from rollout.cli.act import act
from rollout.cli.arguments import Arguments
from rollout.cli.from_deploy_settings import deploy_of, deployable, the_deploy
from rollout.deploy.preflight import ready_to_deploy
from rollout.model.deploy import Deploy
from rollout.model.findings import PreflightReport
from rollout.ports.site import Site
from rollout.restart.server_mapping import Selection
from rollout.settings.load import Loaded


def uninterrupted(arguments: Arguments, loaded: Loaded) -> int:
    """Run the command and return its exit code."""
    settings = deployable(loaded, arguments.flags)
    request = partial(deploy_of, the_deploy(settings), fresh=True)

    async def ready(scope: Selection, site: Site) -> tuple[PreflightReport, Deploy | None]:
        source = site.require_services().source
        return await ready_to_deploy(scope, site, source, request)

    return act("uninterrupted", arguments, loaded, ready)
