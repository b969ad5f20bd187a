"""``rollout rollback``: a release that every host has is made live again."""

from functools import partial

from rollout.cli.act import act
from rollout.cli.arguments import Arguments
from rollout.cli.from_deploy_settings import deploy_of, deployable, the_deploy
from rollout.cli.options import TO
from rollout.deploy.preflight import ready_to_roll_back
from rollout.model.deploy import Deploy
from rollout.model.findings import PreflightReport
from rollout.ports.site import Site
from rollout.restart.server_mapping import Selection
from rollout.settings.load import Loaded


def rollback(arguments: Arguments, loaded: Loaded) -> int:
    """Run the command and return its exit code."""
    settings = deployable(loaded, arguments.flags)
    to = arguments.text(TO)
    request = partial(deploy_of, the_deploy(settings), fresh=False)

    async def ready(scope: Selection, site: Site) -> tuple[PreflightReport, Deploy | None]:
        return await ready_to_roll_back(scope, site, to, request)

    return act("rollback", arguments, loaded, ready)
