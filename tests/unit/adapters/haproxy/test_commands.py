import pytest

from rollout.adapters.haproxy import commands
from rollout.model.errors import BalancerError
from rollout.model.fleet import AdminState, Server

WEB1 = Server("lb1", "app", "web1")
BAD_NAMES = ["", "a b", "a;b", "a\nb", "a\n", "a/b", "a#b", "ä", "a\0", "$(id)", "\u0661"]


def test_one_line_asks_for_the_process_the_figures_and_the_states() -> None:
    assert commands.look_line("lb1", ["app", "api"]) == (
        "show info"
        ";show stat app 4 -1;show servers state app"
        ";show stat api 4 -1;show servers state api"
    )


def test_no_backend_named_asks_for_all() -> None:
    assert commands.look_line("lb1", []) == "show info;show stat -1 4 -1;show servers state"


def test_more_backends_than_fit_a_line_ask_for_all() -> None:
    many = [f"backend-{n}" for n in range(1000)]
    assert commands.look_line("lb1", many) == commands.look_line("lb1", [])


@pytest.mark.parametrize("name", BAD_NAMES)
def test_a_name_that_could_hide_a_command_is_refused_everywhere(name: str) -> None:
    for server in (Server("lb1", name, "web1"), Server("lb1", "app", name)):
        for build in (
            lambda s: commands.state_commands([s], AdminState.MAINT),
            lambda s: commands.agent_commands([s], on=True),
            lambda s: commands.cut_commands([s]),
            lambda s: commands.weight_command(s, 1),
        ):
            with pytest.raises(BalancerError, match="cannot be a name"):
                build(server)
    with pytest.raises(BalancerError, match="cannot be a name"):
        commands.look_line("lb1", [name])


def test_the_commands_are_those_of_the_management_guide() -> None:
    assert commands.state_commands([WEB1], AdminState.DRAIN) == ["set server app/web1 state drain"]
    assert commands.agent_commands([WEB1], on=False) == ["disable agent app/web1"]
    assert commands.agent_commands([WEB1], on=True) == ["enable agent app/web1"]
    assert commands.cut_commands([WEB1]) == ["shutdown sessions server app/web1"]
    assert commands.weight_command(WEB1, 256) == "set server app/web1 weight 256"


@pytest.mark.parametrize("weight", [-1, 257])
def test_a_weight_that_haproxy_does_not_know_is_refused(weight: int) -> None:
    with pytest.raises(BalancerError, match="not between 0 and 256"):
        commands.weight_command(WEB1, weight)


def test_long_orders_are_shared_out_over_lines_in_order_and_none_is_lost() -> None:
    wanted = [f"set server app/web{n} state drain" for n in range(1000)]
    lines = list(commands.packed(wanted))
    assert [command for line in lines for command in line] == wanted
    assert max(len(";".join(line)) for line in lines) <= commands.LONGEST_LINE
    assert list(commands.packed([])) == []
