"""What an operator may say about the place of the releases."""

import pytest

from rollout.adapters.releases.options import ReleaseOptions
from rollout.model.errors import SettingsError


def test_a_slash_at_the_end_means_nothing() -> None:
    options = ReleaseOptions(to="/srv/shop/", shared=("log/", "tmp/pids"))
    assert (options.to, options.shared) == ("/srv/shop", ("log", "tmp/pids"))


def test_a_way_of_reading_links_is_split_as_a_shell_would() -> None:
    options = ReleaseOptions(to="/srv", readlink="sudo -n 'read link'")
    assert options.readlink_words == ("sudo", "-n", "read link")


@pytest.mark.parametrize("to", ["srv/shop", "", "/", "/srv/../etc", "/srv//shop", "/srv\nshop"])
def test_a_place_that_is_none_is_refused(to: str) -> None:
    with pytest.raises(SettingsError, match=r"deploy\.to: "):
        ReleaseOptions(to=to)


@pytest.mark.parametrize("path", ["/etc", "../x", "a/../../b", "", ".", "a//b", "a\x00b", "\ud800"])
def test_a_shared_path_that_leads_out_is_refused(path: str) -> None:
    with pytest.raises(SettingsError, match=r"deploy\.shared: "):
        ReleaseOptions(to="/srv", shared=(path,))
    with pytest.raises(SettingsError, match=r"deploy\.shared_files: "):
        ReleaseOptions(to="/srv", shared_files=(path,))


def test_nothing_is_shared_twice_or_inside_of_what_is_shared() -> None:
    with pytest.raises(SettingsError, match="'public/system' is in 'public'"):
        ReleaseOptions(to="/srv", shared=("public", "public/system"))
    with pytest.raises(SettingsError, match="'log' is in 'log'"):
        ReleaseOptions(to="/srv", shared=("log",), shared_files=("log",))
    assert ReleaseOptions(to="/srv", shared=("tmp/pids", "tmp/pids2", "tmp/cache"))


@pytest.mark.parametrize("readlink", ["", "  ", "sudo 'x"])
def test_a_readlink_that_is_no_command_is_refused(readlink: str) -> None:
    with pytest.raises(SettingsError, match=r"deploy\.readlink: "):
        ReleaseOptions(to="/srv", readlink=readlink)


def test_all_problems_are_named_at_once() -> None:
    with pytest.raises(SettingsError) as caught:
        ReleaseOptions(to="srv", shared=("/log",), readlink="")
    assert len(caught.value.problems) == 3
