"""What somebody wrote, and the sentence they get: where, which key, what is wrong."""

# ruff: noqa: E501 - the sentences stand whole, one to a line, beside what earns them

from pathlib import Path

import pytest

from rollout.model.errors import SettingsError
from rollout.settings.load import load

GOOD = """\
app = "shop"
[balancers.lb1]
[fleet]
hosts = ["web[1-3]"]
"""

DURATION = 'write it like "90s", "2m", "1h30m" or "500ms"'
NAME = "is not a name: letters, digits and _ . : - only"


def problems(
    tmp_path: Path,
    text: str,
    environ: dict[str, str] | None = None,
    flags: dict[str, str | None] | None = None,
) -> list[str]:
    file = tmp_path / "rollout.toml"
    file.write_text(text)
    with pytest.raises(SettingsError) as refused:
        load(environ=environ or {}, config=str(file), flags=flags)
    return [line.replace(f"{tmp_path}/", "") for line in refused.value.problems]


@pytest.mark.parametrize(
    ("added", "sentence"),
    [
        ("max_uot = 1", "5: fleet.max_uot: unknown key (did you mean 'max_out'?)"),
        ("user = 1", "5: fleet.user: unknown key (did you mean ssh.user?)"),
        ("zzz = 1", "5: fleet.zzz: unknown key"),
        ("[monti]", "5: monti: unknown key (did you mean 'monit'?)"),
        ("[balancers.lb2]\nsokcet = '/x'", "6: balancers.lb2.sokcet: unknown key (did you mean 'socket'?)"),
        ("soak = 90", '5: fleet.soak: 90 has no unit: write "90s" for seconds, "90m" for minutes'),
        ("soak = true", '5: fleet.soak: must be a duration like "90s"'),
        ('soak = "soon"', f"5: fleet.soak: 'soon' is not a duration: {DURATION}"),
        ('max_out = "lots"', "5: fleet.max_out: 'lots' is not a number or a percentage (use 2 or \"25%\")"),
        ("max_out = 0.5", '5: fleet.max_out: must be a count or a share, like 2 or "25%"'),
        ("max_out = 0", "5: fleet.max_out: must be at least 1: with 0 nothing would ever be restarted"),
        ('floor = "100%"', "5: fleet.floor: with 100% no server could ever be taken out"),
        ('floor = "101%"', "5: fleet.floor: 101% is more than 100%"),
        ("canary = 4", "5: fleet.canary: must be at most 3, the number of hosts"),
        ("canary = -1", "5: fleet.canary: '-1' is not a number or a percentage (use 2 or \"25%\")"),
        ("canary = true", '5: fleet.canary: must be a count or a share, like 2 or "25%"'),
        ("max_failures = -1", "5: fleet.max_failures: must be at least 0, not -1"),
        ("max_failures = true", "5: fleet.max_failures: must be a whole number"),
        ('max_failures = "x"', "5: fleet.max_failures: must be a whole number"),
        ('by = "hots"', "5: fleet.by: must be 'host' or 'instance' (did you mean 'host'?)"),
        ('server = "{hots}"', "5: fleet.server: {hots} is nothing we can fill in (did you mean 'host'?)"),
        ('server = "{}"', "5: fleet.server: {} is nothing we can fill in (there are {host}, {port} and {instance})"),
        ('server = "{host"', "5: fleet.server: has a { or } too many"),
        ('server = "{host!r}"', "5: fleet.server: {host} must stand alone in its braces"),
        ('server = "{host.x}"', "5: fleet.server: {host.x} is nothing we can fill in (did you mean 'host'?)"),
        ('server = "{host}; x"', "5: fleet.server: '{host}; x' cannot be a server's name: letters, digits and _ . : - only"),
        ('[balancers."a;b"]', f'5: balancers."a;b": \'a;b\' {NAME}'),
        ('[balancers.b]\nbackends = [\n"x",\n"x y"]', f"8: balancers.b.backends[1]: 'x y' {NAME}"),
        ('[balancers.b]\nsocket = "x.sock"', "6: balancers.b.socket: 'x.sock' must begin with /, or be an address such as \"127.0.0.1:9999\""),
        ('[balancers.b]\nsocket = "10.0.0.1:9999"', "6: balancers.b.socket: 10.0.0.1 is not this machine: set ssh too, and socket as seen from there"),
        ('[balancers.b]\nsocket = "/x\\ny"', "6: balancers.b.socket: must be one line, without control characters"),
        ('[balancers.b]\nssh = "-x"', "6: balancers.b.ssh: '-x' is not a host name"),
        ('[balancers.b]\nssh = "lb[1-2]"', "6: balancers.b.ssh: 'lb[1-2]' must be one host"),
        ('[balancers.b]\nssh = "lb"\nsocket = "/a,b"', "7: balancers.b.socket: on another machine only letters, digits and _ . / @ + - are allowed in it"),
        ("[ssh]\nuser = 5", "6: ssh.user: must be text, in quotes, not a number"),
        ("ssh = 5", "5: fleet.ssh: unknown key"),
        ('[monit]\ngroup = "a\\nb"', "6: monit.group: must be one line, without control characters"),
        ('[monit]\nmatch = "("', "6: monit.match: '(' is not a regular expression: missing ), unterminated subpattern at position 0"),
        ("[monit]\ncommand = ' '", "6: monit.command: must not be empty"),
        ("[monit]\ncommand = \"sudo 'x\"", "6: monit.command: is not a command: no closing quotation"),
        ('[fleet.addresses]\nweb01 = "10.0.0.1"', "6: fleet.addresses.web01: no host of fleet.hosts has this name (did you mean 'web1'?)"),
        ('[fleet.addresses]\nweb1 = "lb"', "6: fleet.addresses.web1[0]: 'lb' is not an IP address, as HAProxy shows them"),
        ("[monit.ports]\na = 70000", "6: monit.ports.a: must be at most 65535, not 70000"),
        ("[monit]\nports = 8000", "6: monit.ports: must be a table, [monit.ports]"),
        ('[restart]\non_busy = "kill"', "6: restart.on_busy: must be 'stop' or 'cut'"),
        ("[restart]\nprobe_times = 0", "6: restart.probe_times: must be at least 1, not 0"),
        ('[restart]\nprobe = "ftp://x"', '6: restart.probe: must begin with "http://", "https://", "tcp://" or "unix:", like "http://127.0.0.1:{port}/up" or "http://unix:/run/{instance}.sock:/up"'),
        ('[restart]\nprobe = "http://x:{prot}/"', "6: restart.probe: {prot} is nothing we can fill in (did you mean 'port'?)"),
        ('[restart]\nprobe = "tcp://{host}"', '6: restart.probe: must look like "tcp://{host}:{port}", with nothing after the port'),
        ('[restart]\nprobe = "http://unix:/run/a.sock:up"', '6: restart.probe: must look like "http://unix:/run/{instance}.sock:/up", or like "unix:/run/{instance}.sock" for a bare connection'),
        ('[restart]\nprobe = "unix:/run/a.sock:/up"', '6: restart.probe: must look like "http://unix:/run/{instance}.sock:/up", or like "unix:/run/{instance}.sock" for a bare connection'),
        ('[restart]\nprobe = "http://x/"\nprobe_host = "a b"', "7: restart.probe_host: 'a b' is not the name of a site, like \"shop.example.com\""),
        ('[restart]\nprobe = "http://x/"\nprobe_host = "a..b"', "7: restart.probe_host: 'a..b' is not the name of a site, like \"shop.example.com\""),
        ('[restart]\nprobe = "tcp://x:1"\nprobe_host = "a"', "7: restart.probe_host: is for a probe that begins with http:// or https://"),
        ('[restart]\nprobe = "http://:80/"', "6: restart.probe: has no host, or has a space in it"),
        ('[restart]\nprobe = "http://x:99999/"', "6: restart.probe: is not an address: Port out of range 0-65535"),
        (
            '[monit]\ninstances = 2\n[restart]\nprobe = "http://x/"',
            (
                "8: restart.probe: asks the same for each of 2 instances: put {port} or {instance} in it, "
                "and ports in [monit.ports] where names do not end in one; instances behind a proxy of "
                'their own have no port to ask: probe = "" leaves the proof to HAProxy\'s checks'
            ),
        ),
    ],
)  # fmt: skip
def test_a_wrong_setting_is_named_with_its_line(tmp_path: Path, added: str, sentence: str) -> None:
    assert problems(tmp_path, f"{GOOD}{added}\n") == [f"rollout.toml:{sentence}"]


@pytest.mark.parametrize(
    ("text", "sentences"),
    [
        (
            "",
            [
                'rollout.toml: app: is missing (write for example app = "shop")',
                "rollout.toml: balancers: is missing (write at least one [balancers.NAME])",
                'rollout.toml: fleet: is missing (write [fleet] with hosts = ["web[01-08]"])',
            ],
        ),
        (
            'app = "a b"\n[balancers]\n[fleet]\n',
            [
                f"rollout.toml:1: app: 'a b' {NAME}",
                "rollout.toml:2: balancers: is empty (write at least one [balancers.NAME])",
                'rollout.toml:3: fleet.hosts: is missing (write for example hosts = ["web[01-08]"])',
            ],
        ),
        (
            'app = ""\n[balancers.x]\n[fleet]\nhosts = []\n',
            [
                f"rollout.toml:1: app: '' {NAME}",
                'rollout.toml:4: fleet.hosts: is empty (write for example hosts = ["web[01-08]"])',
            ],
        ),
        (
            'app = "x"\n[balancers.x]\n[fleet]\nhosts = [\n  "web[1-2]",\n  "web2", 5,\n]\n',
            ["rollout.toml:6: fleet.hosts[2]: must be text, in quotes, not a number"],
        ),
        (
            'app = "x"\n[balancers.x]\n[fleet]\nhosts = [\n  "web[1-2]",\n  "web2",\n]\n',
            ["rollout.toml:6: fleet.hosts[1]: web2 stands here for the second time"],
        ),
        (
            'app = "x"\nballancers = 1\nfleet = 3\nbalancers = 4\n',
            [
                "rollout.toml:4: balancers: must be a table, [balancers]",
                "rollout.toml:3: fleet: must be a table, [fleet]",
                "rollout.toml:2: ballancers: unknown key (did you mean 'balancers'?)",
            ],
        ),
        ('app = "x"\nenv = 3\n', ["rollout.toml:2: env: must be tables, [env.NAME]"]),
        ('app = "x"\nb =\n', ["rollout.toml:2: is not TOML: Invalid value, column 4"]),
        ("a = 1\na = 2\n", ["rollout.toml:2: is not TOML: Cannot overwrite a value, column 6"]),
        ("a = [1,\n", ["rollout.toml:1: is not TOML: Invalid value (at end of document)"]),
    ],
)
def test_everything_that_is_wrong_is_told_at_once(
    tmp_path: Path, text: str, sentences: list[str]
) -> None:
    assert problems(tmp_path, text) == sentences


@pytest.mark.parametrize(
    ("environ", "sentence"),
    [
        (
            {"ROLLOUT_FLEET__HOSTS": "web1,we b"},
            "ROLLOUT_FLEET__HOSTS: fleet.hosts[1]: 'we b' is not a host name",
        ),
        (
            {"ROLLOUT_SSH": "x", "ROLLOUT_SSH__USER": "y"},
            "ROLLOUT_SSH__USER: another variable already sets ssh as a whole",
        ),
        ({"ROLLOUT_SSH": "x"}, "ROLLOUT_SSH: ssh: must be a table, [ssh]"),
        (
            {"ROLLOUT_APP__NAME": "x"},
            "ROLLOUT_APP__NAME: app: must be text, in quotes, not a table",
        ),
        (
            {"ROLLOUT_FLEET__SOAK": "70"},
            'ROLLOUT_FLEET__SOAK: fleet.soak: 70 has no unit: write "70s" for seconds, "70m" for minutes',
        ),
        ({"ROLLOUT_SSH__USER": "\udcff"}, "ROLLOUT_SSH__USER: ssh.user: must be UTF-8"),
    ],
)
def test_a_wrong_variable_is_named(tmp_path: Path, environ: dict[str, str], sentence: str) -> None:
    assert problems(tmp_path, GOOD, environ=environ) == [sentence]


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("ROLLOUT_BATHC", ""),
        ("ROLLOUT_LAB", ""),
        ("ROLLOUT_APPP", "ROLLOUT_APP"),
        ("ROLLOUT_MAX_OUT", "ROLLOUT_FLEET__MAX_OUT"),
        ("ROLLOUT_SSH__USRE", "ROLLOUT_SSH__USER"),
        ("ROLLOUT_FLET__MAX_OUT", "ROLLOUT_FLEET__MAX_OUT"),
        ("ROLLOUT_FLEET_MAX_OUT", "ROLLOUT_FLEET__MAX_OUT"),
        ("ROLLOUT_FLEET_HOSTS", "ROLLOUT_FLEET__HOSTS"),
        ("ROLLOUT_RESTART_DRAIN_TIMEOUT", "ROLLOUT_RESTART__DRAIN_TIMEOUT"),
        ("ROLLOUT_BALANCERS__LB1__SOKCET", "ROLLOUT_BALANCERS__LB1__SOCKET"),
        ("ROLLOUT_BALANCER__LB1__SOCKET", "ROLLOUT_BALANCERS__LB1__SOCKET"),
        ("ROLLOUT_CONFG", "ROLLOUT_CONFIG"),
        ("ROLLOUT_ENVV", "ROLLOUT_ENV"),
        ("ROLLOUT_OUTPT", "ROLLOUT_OUTPUT"),
    ],
)
def test_a_variable_that_sets_nothing_is_called_one_with_the_nearest_and_how_to_unset_it(
    tmp_path: Path, name: str, meant: str
) -> None:
    near = f" (did you mean {meant}?)" if meant else ""
    sentence = f"{name}: this environment variable is no setting{near}"
    how = f"`env -u {name}` before the command leaves it out"
    assert problems(tmp_path, GOOD, environ={name: "9"}) == [f"{sentence}; {how}"]


def test_each_variable_of_a_table_that_does_not_exist_is_named(tmp_path: Path) -> None:
    environ = {"ROLLOUT_FLET__HOSTS": "web1", "ROLLOUT_FLET__MAX_OUT": "2"}
    assert [line.partition(":")[0] for line in problems(tmp_path, GOOD, environ=environ)] == [
        *environ
    ]


@pytest.mark.parametrize(
    ("flag", "value", "sentence"),
    [
        ("--canary", "x", "'x' is not a number or a percentage (use 2 or \"25%\")"),
        ("--canary", "9", "must be at most 3, the number of hosts"),
        ("--by", "instnace", "must be 'host' or 'instance' (did you mean 'instance'?)"),
        ("--stable", "", f"'' is not a duration: {DURATION}"),
        ("--max-out", "0", "must be at least 1: with 0 nothing would ever be restarted"),
    ],
)  # fmt: skip
def test_a_wrong_flag_is_named(tmp_path: Path, flag: str, value: str, sentence: str) -> None:
    assert problems(tmp_path, GOOD, flags={flag: value}) == [f"{flag}: {sentence}"]


def test_a_named_file_that_is_missing_is_not_an_empty_one(tmp_path: Path) -> None:
    with pytest.raises(SettingsError) as refused:
        load(environ={}, config=str(tmp_path / "none.toml"))
    assert refused.value.problems == (f"--config: there is no file {tmp_path}/none.toml",)


def test_a_place_that_nobody_lets_us_see_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def shut(place: Path) -> bool:
        raise PermissionError(13, "Permission denied", str(place))

    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(Path, "exists", shut)
    with pytest.raises(SettingsError) as refused:
        load(environ={})
    assert refused.value.problems == ("rollout.toml: cannot be read: Permission denied",)


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    with pytest.raises(SettingsError) as refused:
        load(environ={}, config=str(tmp_path))
    assert refused.value.problems == (f"{tmp_path}: cannot be read: Is a directory",)


def test_a_file_in_another_encoding_is_named(tmp_path: Path) -> None:
    file = tmp_path / "latin.toml"
    file.write_bytes(b'app = "caf\xe9"\n')
    with pytest.raises(SettingsError) as refused:
        load(environ={}, config=str(file))
    assert refused.value.problems == (f"{file}: is not UTF-8 (at byte 10)",)


def test_a_file_that_is_nested_without_end_is_no_traceback(tmp_path: Path) -> None:
    assert problems(tmp_path, "a = " + "[" * 5000 + "]" * 5000) == [
        "rollout.toml: is nested too deeply"
    ]


def test_what_a_command_or_an_address_holds_is_never_repeated(tmp_path: Path) -> None:
    text = GOOD + '[restart]\nprobe = "http://me:secret@x:{no}/"\nsmoke = "curl -u me:secret\\n"\n'
    assert not [line for line in problems(tmp_path, text) if "secret" in line]
