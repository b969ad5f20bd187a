"""The annotated file says what was found, and a found value can be nothing but that value."""

import tomllib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rollout.model.errors import SettingsError
from rollout.settings.annotated import LAYOUT, annotated_file, template
from rollout.text.annotate import Suggestion, annotate, comment_lines

HOSTS = Suggestion(("fleet", "hosts"), ["web[1-3]"], ("HAProxy on lb1 showed 3 servers",))
HOSTILE = 'x"\n[lock]\ndirectory = "/tmp/evil"\n#'


def test_without_suggestions_it_is_the_template() -> None:
    assert annotated_file([], []) == template()


def test_a_value_stands_in_its_place_below_why() -> None:
    text = annotated_file([HOSTS, Suggestion(("fleet", "floor"), 2, ("2 of 3",))], [])
    lines = text.splitlines()
    at = lines.index('hosts = ["web[1-3]"]')
    assert lines[at - 1] == "# HAProxy on lb1 showed 3 servers"
    assert tomllib.loads(text)["fleet"] == {"hosts": ["web[1-3]"], "floor": 2, "addresses": {}}
    assert len(lines) == len(template().splitlines()) + 2


def test_each_load_balancer_has_a_table() -> None:
    found = annotated_file(
        [
            Suggestion(("balancers", "lb.a", "ssh"), "lba"),
            Suggestion(("balancers", "lb.a", "backends"), ["app"]),
            Suggestion(("balancers", "lb2", "ssh"), "lb2", ("the second",)),
            Suggestion(("balancers", "lb2", "socket"), "/run/haproxy.sock"),
        ],
        ["Written by a test."],
    )
    assert found.startswith("# Written by a test.\n\n# Settings of rollout.")
    assert tomllib.loads(found)["balancers"] == {
        "lb.a": {"ssh": "lba", "backends": ["app"]},
        "lb2": {"ssh": "lb2", "socket": "/run/haproxy.sock"},
    }


def test_entries_of_free_tables_replace_the_example() -> None:
    text = annotated_file(
        [
            HOSTS,
            Suggestion(("fleet", "addresses", "web1"), "10.0.0.1"),
            Suggestion(("fleet", "addresses", "web2"), "10.0.0.2"),
            Suggestion(("monit", "ports", "puma 1"), 9000),
        ],
        [],
    )
    read = tomllib.loads(text)
    assert read["fleet"]["addresses"] == {"web1": "10.0.0.1", "web2": "10.0.0.2"}
    assert read["monit"]["ports"] == {"puma 1": 9000}
    assert "web01 =" not in text


def test_what_is_not_known_is_a_comment_above_the_default() -> None:
    text = annotated_file([Suggestion(("restart", "probe"), None, ("not known: no port",))], [])
    assert '# not known: no port\n#probe = ""\n' in text
    shown = annotated_file(
        [Suggestion(("deploy", "to"), "/srv/shop", commented_out=True)],
        [],
    )
    assert "deploy" not in tomllib.loads(shown)
    assert '\n#to = "/srv/shop"\n' in shown


def test_a_setting_without_a_place_is_a_mistake() -> None:
    with pytest.raises(ValueError, match=r"no place for fleet\.hots"):
        annotated_file([Suggestion(("fleet", "hots"), 1)], [])


@pytest.mark.parametrize(
    ("suggestion", "said"),
    [
        (Suggestion(("app",), HOSTILE), "app"),
        (Suggestion(("fleet", "hosts"), [HOSTILE]), "fleet.hosts"),
        (Suggestion(("balancers", "lb1", "backends"), [HOSTILE]), "balancers.lb1.backends"),
        (Suggestion(("monit", "group"), HOSTILE), "monit.group"),
        (Suggestion(("restart", "probe"), "http://x/\n"), "restart.probe"),
        (Suggestion(("fleet", "floor"), "100%"), "fleet.floor"),
    ],
)
def test_a_value_that_is_no_setting_is_refused(suggestion: Suggestion, said: str) -> None:
    with pytest.raises(SettingsError) as refused:
        annotated_file([suggestion], [])
    assert refused.value.problems[0].startswith(said)


ANYTHING = st.text(
    st.one_of(st.characters(), st.sampled_from('"\\\n\r[]#=\x7f\x00\ud800\u2028')), max_size=60
)


@given(ANYTHING, ANYTHING, ANYTHING)
def test_nothing_that_was_found_can_say_more_than_its_value(key: str, text: str, why: str) -> None:
    value = text.encode(errors="replace").decode()
    name = key.encode(errors="replace").decode()
    read = tomllib.loads(
        annotate(
            template(),
            [
                Suggestion(("app",), value, (why, text)),
                Suggestion(("monit", "ports", name), 8000, (why,)),
                Suggestion(("balancers", name, "ssh"), value),
                Suggestion(("balancers", f"{name}2", "backends"), [value, value]),
            ],
            [why, text],
            LAYOUT,
        )
    )
    assert read["app"] == value
    assert read["monit"] == {"ports": {name: 8000}}
    assert read["balancers"] == {name: {"ssh": value}, f"{name}2": {"backends": [value, value]}}
    tables = {"app", "balancers", "fleet", "ssh", "monit", "restart", "lock"}
    assert set(read) == {*tables, "hooks", "notify", "silence", "metrics", "log"}


@given(ANYTHING)
def test_a_comment_is_lines_of_printable_characters(said: str) -> None:
    for line in comment_lines([said]):
        assert line.startswith("# ")
        assert line.isprintable()
