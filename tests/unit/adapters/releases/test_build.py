"""How the end of a build step is told."""

import pytest

from rollout.adapters.releases.build import how_it_ended, judge, log_of, settings_of, words_of
from rollout.model.errors import BuildFailed, ReleaseError
from rollout.model.releases import BuildStep, Release

RELEASE = Release("20261122230000", "c0ffee")
STEP = BuildStep("css", "make css", 600.0, {"A": "b c", "ROLLOUT_RELEASE": "another"})


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("3", "exit 3"),
        ("124", "exit 124"),
        ("128", "exit 128"),
        ("129", "killed by signal 1"),
        ("192", "killed by signal 64"),
        ("193", "exit 193"),
        ("255", "exit 255"),
        ("", "no end after 10m (timeout of the step)"),
    ],
)
def test_an_exit_a_signal_and_a_timeout_are_told_apart(code: str, said: str) -> None:
    assert how_it_ended(code, 600.0) == said


def test_a_failed_step_names_its_log_and_shows_its_end() -> None:
    with pytest.raises(BuildFailed) as caught:
        judge("web1", RELEASE, STEP, "/srv/shop", f"2\0{5000}\0one\n\ntwo \n" + "x" * 1000)
    assert str(caught.value) == "web1: css: exit 2"
    assert caught.value.tail == ("one", "two", "…" + "x" * 400)
    assert caught.value.log == "/srv/shop/.rollout/log/20261122230000.css.log"


@pytest.mark.parametrize(
    ("free", "said"),
    [
        ("0", "css: exit 1 (the disk of /srv/shop is full)"),
        ("63", "css: exit 1 (the disk of /srv/shop is full)"),
        ("64", "css: exit 1"),
        ("", "css: exit 1"),
    ],
)
def test_a_full_disk_is_named_as_what_it_is(free: str, said: str) -> None:
    with pytest.raises(BuildFailed) as caught:
        judge("web1", RELEASE, STEP, "/srv/shop", f"1\0{free}\0")
    assert caught.value.what == said


@pytest.mark.parametrize("step", ["../../etc/passwd", "/", "a b", "..", "$(x)", "x" * 500, ""])
def test_the_log_of_a_step_is_one_file_among_the_logs(step: str) -> None:
    directory, _, name = log_of(RELEASE, step).rpartition("/")
    assert directory == ".rollout/log"
    assert name.startswith("20261122230000.")
    assert len(name) < 130


def test_what_a_step_is_marked_with_is_not_for_its_settings_to_change() -> None:
    assert words_of(RELEASE, STEP, "/srv/shop") == (
        "/srv/shop",
        "20261122230000",
        ".rollout/log/20261122230000.css.log",
        "600.000",
        "make css",
    )
    assert set(settings_of("web1", RELEASE, STEP, "/srv/shop").decode().splitlines()) == {
        "export A='b c'",
        "export ROLLOUT_REVISION=c0ffee",
    }


@pytest.mark.parametrize("name", ["-i", "A B", "", "1A", "A=", "A\n", "LÖWE"])
def test_a_setting_that_env_would_take_for_something_else_is_refused(name: str) -> None:
    with pytest.raises(ReleaseError, match="is no name for an environment variable"):
        settings_of("web1", RELEASE, BuildStep("css", "true", 1.0, {name: "x"}), "/srv/shop")


def test_the_tail_of_a_step_shows_no_password_also_where_it_was_cut_off() -> None:
    whole = "fatal: unable to access 'https://ci:hunter2@x.y/z.git/'\n"
    cut = f"hunter2@x.y/z.git\n{'.' * 8192}\n"
    for printed in (whole, cut):
        with pytest.raises(BuildFailed) as raised:
            judge("web1", RELEASE, BuildStep("css", "make", 5.0, {}), "/srv", f"1\0999\0{printed}")
        assert "hunter2" not in str(raised.value.tail)
        assert raised.value.tail[0] in {"fatal: unable to access 'https://x.y/z.git/'", "…"}
