"""The login of a repository's address, apart from the address."""

import pytest

from rollout.adapters.sources.download import curl_config
from rollout.adapters.sources.repository_login import Login, split_login
from rollout.model.errors import SourceError


@pytest.mark.parametrize(
    ("repo", "login"),
    [
        ("https://me:pa@x.y/z.git", Login("https://x.y/z.git", "https://x.y", "me", "pa")),
        ("HTTPS://me:p@x:8/z?a@b", Login("HTTPS://x:8/z?a@b", "https://x:8", "me", "p")),
        ("http://a%40b:%2F%3A@x/z", Login("http://x/z", "http://x", "a@b", "/:")),
        ("https://token@x/z", Login("https://x/z", "https://x", "token", "")),
        ("https://me:p@ss@[::1]:1/z", Login("https://[::1]:1/z", "https://[::1]:1", "me", "p@ss")),
        ("https://x.y/@z/a.git", Login("https://x.y/@z/a.git")),
        ("ssh://git@x.y/z.git", Login("ssh://git@x.y/z.git")),
        ("git@x.y:z.git", Login("git@x.y:z.git")),
        ("/srv/git/a@b", Login("/srv/git/a@b")),
    ],
)
def test_only_a_web_address_loses_its_login(repo: str, login: Login) -> None:
    assert split_login(repo) == login


def test_a_password_with_a_line_break_is_refused_and_not_shown() -> None:
    with pytest.raises(SourceError, match="for https://x/z holds a line break") as raised:
        split_login("https://me:secret%0Aquit=1@x/z")
    assert "secret" not in str(raised.value)


def test_a_script_on_a_host_reads_three_lines() -> None:
    assert split_login("https://me:pa%20@x/z").lines == b"https://x\nme\npa \n"
    assert split_login("git@x:z").lines == b"\n\n\n"


def test_curl_reads_an_address_of_any_spelling_as_one_value() -> None:
    assert curl_config('http://x/a"b\\c').splitlines()[0] == rb'url = "http://x/a\"b\\c"'
    assert b'proto-redir = "=https"' in curl_config("HTTPS://x/")
    assert b'proto-redir = "=http,https"' in curl_config("http://x/")
