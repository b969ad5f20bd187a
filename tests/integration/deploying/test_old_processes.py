"""A new release is not live while a process of the old one answers, or works, in its place."""

from dataclasses import replace

import pytest

from tests.integration.conftest import MakeFleet
from tests.support.observed_deploy import SMALL, SOON, places, rollout
from tests.support.wrapped_apps import AROUND, BESIDE, wrap

pytestmark = pytest.mark.integration

MAINT = 1


@pytest.mark.parametrize(
    ("body", "words"),
    [(AROUND, "still listens on port"), (BESIDE, "still works in release")],
    ids=["the old server", "a helper"],
)
def test_a_process_that_stays_in_the_old_release_is_no_success(
    make_fleet: MakeFleet, body: str, words: str
) -> None:
    fleet = make_fleet(replace(SMALL, lines="instance"))
    fleet.settings(SOON | {"deploy.on_failure": "stop"})
    wrap(fleet, fleet.hosts["web1"], body)
    before = places(fleet)
    fleet.shop.release()

    done = rollout(fleet, "uninterrupted")

    assert done.returncode == 6, done.stderr
    assert "from before the restart " + words in done.stderr
    assert fleet.balancers["lb1"].states()["app/web1-8000"].admin == MAINT
    web2 = {name: release for name, release in places(fleet).running.items() if "web2" in name}
    assert web2.items() <= before.running.items(), "the others were not touched"
