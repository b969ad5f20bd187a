"""What the line for sudoers is made of."""

import re

import pytest

from rollout.adapters.monit.diagnosis import diagnose
from rollout.adapters.monit.responses import split_response
from rollout.adapters.monit.sudoers import (
    Invocation,
    believed,
    literal_prefix,
    sudoers_line,
)
from rollout.text.sudoers import readlink_line
from tests.support.monitd import Said


def test_the_line_for_the_settings_of_a_group() -> None:
    line = sudoers_line(Invocation(group="app", match="mongrel_.*", user="deploy"))
    assert line == (
        "deploy ALL=(root) NOPASSWD: /usr/bin/monit ^(-V|(-B )?((-g app )?(status|summary)|"
        r"restart (mongrel_[A-Za-z0-9_@+~-]*|\^mongrel_([A-Za-z0-9_@+~-]|\\[].^*\$+(?){}|[])*\$)|"
        "-g app restart( all)?))$"
    )


@pytest.mark.parametrize(
    ("command", "start"),
    [
        ("sudo -n monit", "deploy ALL=(root) NOPASSWD: /usr/bin/monit ^(-V|"),
        ("/usr/bin/sudo -n /opt/bin/monit", "deploy ALL=(root) NOPASSWD: /opt/bin/monit ^(-V|"),
        ("runuser -u web -- sudo -n monit", "deploy ALL=(root) NOPASSWD: /usr/bin/monit ^(-V|"),
        ("sudo -nu mon monit", "deploy ALL=(mon) NOPASSWD: /usr/bin/monit ^(-V|"),
        ("sudo --user=mon -n monit", "deploy ALL=(mon) NOPASSWD: /usr/bin/monit ^(-V|"),
        ("sudo -umon -g adm -n monit", "deploy ALL=(mon) NOPASSWD: /usr/bin/monit ^(-V|"),
        ("sudo -n -u mon -- monit", "deploy ALL=(mon) NOPASSWD: /usr/bin/monit ^(-V|"),
        (
            "sudo -n monit -c /etc/monit/two.rc",
            r"deploy ALL=(root) NOPASSWD: /usr/bin/monit ^-c /etc/monit/two\.rc (-V|",
        ),
        (
            "sudo -n /usr/local/sbin/rollout-monit",
            "deploy ALL=(root) NOPASSWD: /usr/local/sbin/rollout-monit",
        ),
    ],
)
def test_the_line_follows_the_command(command: str, start: str) -> None:
    assert sudoers_line(Invocation(command=command)).startswith(start)


def test_without_sudo_there_is_no_line() -> None:
    assert sudoers_line(Invocation(command="monit")) == ""


@pytest.mark.parametrize(
    ("match", "prefix"),
    [
        ("mongrel_.*", "mongrel_"),
        ("mongrels?_.*", "mongrel"),
        ("mongrels*", "mongrel"),
        ("mongrels{2}", "mongrel"),
        ("aab+c", "aab"),
        (r"app\.[0-9]+", "app."),
        (r"app\d", "app"),
        (r"\w+", ""),
        (r"^app", ""),
        ("(app|web)_1", ""),
        ("app|web", ""),
        ("[ab]_1", ""),
        (".*", ""),
        ("", ""),
        ("my app", "my"),
    ],
)
def test_the_beginning_of_all_names(match: str, prefix: str) -> None:
    assert literal_prefix(match) == prefix


@pytest.mark.parametrize("match", [".*", "-app", "app.*", r"app\.1", "(a|b)", r"\-x"])
def test_no_name_begins_with_a_dash_or_has_a_blank(match: str) -> None:
    found = re.search(r"\^(.*)\$$", sudoers_line(Invocation(match=match)))
    assert found
    for attack in ("-p/etc/shadow", "-lx", "-app", "app -p", "app/etc", "x\n-p", "^app.1 -p$"):
        assert not re.fullmatch(found[1], f"restart {attack}"), attack


@pytest.mark.parametrize(
    ("user", "path", "sudo", "expected"),
    [
        ("web", "/usr/local/bin/monit", "1.9.9", ("web", "/usr/local/bin/monit", (1, 9, 9))),
        ("ALL", "/usr/bin/monit", "", ("deploy", "/usr/bin/monit", ())),
        ("%sudo", "/tmp/monit", "x", ("deploy", "/usr/bin/monit", ())),
        ("a,b", "/bin/sh", "1.9", ("deploy", "/usr/bin/monit", ())),
        ("a", "/usr/bin/../../tmp/monit", "1.9.13p3", ("a", "/usr/bin/monit", (1, 9, 13))),
    ],
)
def test_a_host_does_not_word_the_line_that_its_root_is_to_add(
    user: str, path: str, sudo: str, expected: tuple[str, str, tuple[int, ...]]
) -> None:
    assert believed(Invocation(), user, path, sudo) == expected


def cure_with_sudo(version: str) -> str:
    out = f"@who web /usr/bin/monit {version}\n@monit 1\nsudo: a password is required\n"
    answer = split_response("web1", Said(0, out, ""), Invocation(match="app.*"))
    return diagnose(answer.status, answer.text, answer.caller).fix


def test_a_sudo_without_patterns_gets_the_script_for_it() -> None:
    assert "web ALL=(root) NOPASSWD: /usr/local/sbin/rollout-monit" in cure_with_sudo("1.9.9")
    assert cure_with_sudo("1.9.10").endswith(sudoers_line(Invocation(user="web", match="app.*")))
    assert cure_with_sudo("") == cure_with_sudo("1.9.13p3")


def test_the_line_for_reading_where_a_process_works() -> None:
    line = readlink_line("deploy")
    assert line.startswith("deploy ALL=(root) NOPASSWD: /usr/bin/readlink ^/proc/")
