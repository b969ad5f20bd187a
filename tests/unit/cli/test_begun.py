"""What is set otherwise than it was when a run began, in words."""

from rollout.cli.begun import changed


def test_what_is_set_as_it_was_is_not_worth_a_word() -> None:
    assert changed({}, {}) == ()
    assert changed({"fleet.floor": "75%"}, {"fleet.floor": "75%"}) == ()


def test_what_was_changed_added_or_left_out_is_named_once_each() -> None:
    before = {"fleet.floor": "75%", "restart.probe": "tcp://{host}:{port}", "app": "shop"}
    now = {"app": "shop", "fleet.floor": "50%", "fleet.canary": "1"}
    assert changed(before, now) == (
        "fleet.floor was 75%, is 50%",
        "restart.probe was tcp://{host}:{port}, is not set",
        "fleet.canary was not set, is 1",
    )
