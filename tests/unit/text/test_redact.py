"""Addresses in messages: what identifies the place stays, passwords and tokens go."""

import pytest

from rollout.text.redact import redact
from rollout.text.sanitize import sanitize


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("https://me:pa@x.y/z git@h:z", "https://x.y/z git@h:z"),
        ("https://token@x.y/z", "https://x.y/z"),
        ("HTTPS://ci:TOKEN@x.y/z", "HTTPS://x.y/z"),
        ("https://me:p@ss@x.y/z", "https://x.y/z"),
        ("https://me:pa/ss@x.y/z", "https://***"),
        ("https://me:p@/ss@x.y/z", "https://***"),
        ("https://me:p?a=b@x.y/z", "https://***"),
        ("https://me:p#a@x.y/z", "https://***"),
        ("https://me:12/34@x.y/z", "https://***"),
        ("ssh://git@h:22/z ssh://git:pa@h/z", "ssh://git@h:22/z ssh://git@h/z"),
        ("https://h/x?private_token=abc", "https://h/x?private_token=***"),
        ("https://h/x?X-Amz-Signature=a%2F&t=1#f", "https://h/x?X-Amz-Signature=***&t=***#***"),
        ("https://h/x?glpat-abc", "https://h/x?***"),
        ("https://t@h/x?a=u@v&token=z", "https://h/x?a=***&token=***"),
        ("'https://me:a'b@x/y/' not found", "'https://x/y/' not found"),
        ("(see https://x.y/z?a=b).", "(see https://x.y/z?a=***)."),
        ("curl --url=ftp://a:b@c/d", "curl --url=ftp://c/d"),
    ],
)  # fmt: skip
def test_passwords_and_tokens_are_left_out_of_an_address(text: str, shown: str) -> None:
    assert redact(text) == shown
    assert redact(shown) == shown


@pytest.mark.parametrize(
    "text",
    [
        "http://localhost:4873/@scope/name",
        "http://files.example.com:8080/name@1.2.tgz",
        "http://[::1]:8000/up",
        "http://{host}:{port}/up",
        "tcp://127.0.0.1:8000",
        "git@git.example.com:shop.git",
        "/srv/shop/repo",
        "user@host: not an address",
    ],
)
def test_what_holds_no_secret_stays_as_it_is(text: str) -> None:
    assert redact(text) == text


def test_nothing_that_is_shown_holds_the_password_of_an_address() -> None:
    assert sanitize("fetch https://me:hunter2@x.y/z") == "fetch https://x.y/z"
    assert "hunter2" not in sanitize(f"https://me:{'hunter2' * 400}@x.y/z", longest=100)
    assert sanitize("htt\x1b[0mps://me:hunter2@x.y/z") == "https://x.y/z"
