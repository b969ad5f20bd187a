"""Which commit is meant, and how it is said when none is."""

import pytest

from rollout.adapters.sources.resolve_ref import as_commit, check_ref, judge
from rollout.model.errors import SourceError

OLD, NEW = "a" * 40, "b" * 40


@pytest.mark.parametrize(
    "ref", ["main", "feature/x.y", "v1.0", "a';touch${IFS}x;'", "$(touch${IFS}x)", '"q"']
)
def test_a_name_that_git_allows_is_taken_as_it_is(ref: str) -> None:
    assert check_ref(ref) == ref


@pytest.mark.parametrize(
    ("ref", "why"),
    [
        ("", "it is empty"),
        ("-f", "begins with a dash"),
        ("a b", "' ' is not allowed"),
        ("a\tb", r"'\\t' is not allowed"),
        ("a..b", r"'\.\.' is not allowed"),
        ("a@{0}", "'@{' is not allowed"),
        ("HEAD", "means HEAD"),
        ("a//b", "an empty part"),
        ("a/", "an empty part"),
        ("a/.b", "begins with a dot"),
        ("a.lock/b", r"ends with \.lock"),
        ("a.", "ends with a dot"),
        ("\udc80", "not UTF-8"),
    ],
)
def test_a_name_that_git_refuses_is_refused_with_the_reason(ref: str, why: str) -> None:
    with pytest.raises(SourceError, match=why) as raised:
        check_ref(ref)
    assert raised.value.fix


def test_a_commit_is_seven_digits_or_more() -> None:
    assert as_commit("DEADBEE") == "deadbee"
    assert as_commit("deadbe") == as_commit("main") == as_commit("a" * 65) == ""


def test_a_branch_goes_before_a_short_commit_and_a_full_commit_before_a_branch() -> None:
    said = [f"branch {NEW}", f"commit {OLD}", "known refs/heads/aaaaaaa"]
    assert judge("aaaaaaa", "shop", said) == NEW
    assert judge(OLD, "shop", said) == OLD


def test_a_branch_and_a_tag_of_the_same_commit_are_no_quarrel() -> None:
    assert judge("v1", "shop", [f"branch {OLD}", f"tag {OLD}"]) == OLD
    with pytest.raises(SourceError, match="a branch and a tag in shop") as raised:
        judge("v1", "shop", [f"branch {OLD}", f"tag {NEW}"])
    assert raised.value.fix == "write refs/heads/v1 or refs/tags/v1"


def test_an_unknown_name_is_told_with_its_neighbours() -> None:
    known = ["known refs/heads/main", "known refs/heads/maine", "known refs/tags/v1"]
    with pytest.raises(SourceError) as raised:
        judge("mian", "shop", known)
    assert str(raised.value) == ("shop has no branch or tag mian (did you mean 'main' or 'maine'?)")
    with pytest.raises(SourceError, match=r"did you mean 'refs/heads/main'"):
        judge("refs/head/main", "shop", known)
    with pytest.raises(SourceError, match=r"has no commit, branch or tag deadbeef$"):
        judge("deadbeef", "shop", known)


def test_a_branch_whose_commit_is_missing_is_not_called_unknown() -> None:
    with pytest.raises(SourceError, match="leads to no commit that the mirror can read"):
        judge("main", "shop", ["known refs/heads/main"])
