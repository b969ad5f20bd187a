"""What [deploy] lets through, what it refuses, and where it says so."""

# ruff: noqa: E501 - the sentences stand whole, one to a line, beside what earns them

import re
from pathlib import Path

import pytest

from rollout.model.errors import SettingsError
from rollout.model.releases import OnFailure, Switch
from rollout.settings.deploy_model import DeploySettings
from rollout.settings.load import Loaded, load
from rollout.settings.secret import Secret

GOOD = 'app = "shop"\n[balancers.lb1]\n[fleet]\nhosts = ["web[1-3]"]\n'
"""Four lines; what is added begins in line 5."""
DEPLOY = '[deploy]\nto = "/srv/shop"\nrepo = "git@git.example.com:shop.git"\n'
"""Lines 5 to 7."""


def loaded(
    tmp_path: Path,
    text: str,
    environ: dict[str, str] | None = None,
    flags: dict[str, str | None] | None = None,
    env: str | None = None,
) -> Loaded:
    file = tmp_path / "rollout.toml"
    file.write_text(GOOD + text)
    return load(environ=environ or {}, config=str(file), flags=flags, env=env)


def deploy_of(tmp_path: Path, text: str, **said: dict[str, str]) -> DeploySettings:
    deploy = loaded(tmp_path, text, environ=said.get("environ")).settings.deploy
    assert deploy is not None
    return deploy


def problems(tmp_path: Path, text: str, **said: dict[str, str]) -> list[str]:
    with pytest.raises(SettingsError) as refused:
        loaded(tmp_path, text, environ=said.get("environ"))
    return [line.replace(f"{tmp_path}/rollout.toml:", "") for line in refused.value.problems]


def test_a_file_without_a_deploy_is_as_good_as_before(tmp_path: Path) -> None:
    assert loaded(tmp_path, "").settings.deploy is None


def test_all_that_can_be_said_arrives(tmp_path: Path) -> None:
    said = deploy_of(
        tmp_path,
        DEPLOY
        + 'ref = "release/2026"\nshared = ["log/", "public/system"]\n'
        + 'shared_files = ["config/database.yml"]\nswitch = "each"\non_failure = "stop"\n'
        + 'timeout = "3m"\nenv = { RAILS_ENV = "production" }\n'
        + 'build.stylesheets = "bin/rake assets"\n'
        + 'build.b-2 = { run = "make", timeout = "5s", env = { A = "$(x)" } }\n'
        + 'hooks.before = "true"\nhooks.timeout = "1m"\n',
    )
    assert (said.to, said.ref) == ("/srv/shop", "release/2026")
    assert said.shared == ("log", "public/system")
    assert said.shared_files == ("config/database.yml",)
    assert (said.switch, said.on_failure) == (Switch.EACH, OnFailure.STOP)
    assert list(said.build) == ["stylesheets", "b-2"]
    assert (said.build["stylesheets"].run, said.build["stylesheets"].where) == (
        "bin/rake assets",
        "hosts",
    )
    assert (said.build["b-2"].timeout, said.build["b-2"].env) == (5.0, {"A": Secret("$(x)")})
    assert (said.hooks.before, said.hooks.timeout, said.timeout) == ("true", 60.0, 180.0)


def test_an_overlay_replaces_a_build_step_and_keeps_its_place(tmp_path: Path) -> None:
    text = DEPLOY + 'build.a = "1"\nbuild.b = "2"\n[env.east.deploy]\nref = "east"\n'
    text += 'build.c = "3"\nbuild.a = { run = "other" }\n'
    said = loaded(tmp_path, text, env="east").settings.deploy
    assert said is not None
    assert said.ref == "east"
    assert [(name, step.run) for name, step in said.build.items()] == [
        ("a", "other"),
        ("b", "2"),
        ("c", "3"),
    ]


def test_variables_set_it_too_and_keep_the_case_of_a_builds_own_variables(tmp_path: Path) -> None:
    environ = {
        "ROLLOUT_DEPLOY__REF": "v2",
        "ROLLOUT_DEPLOY__SHARED": "log, tmp/pids",
        "ROLLOUT_DEPLOY__ENV__RAILS_ENV": "production",
        "ROLLOUT_DEPLOY__ENV__a__B": "x",
        "ROLLOUT_DEPLOY__BUILD__CSS": "make css",
        "ROLLOUT_DEPLOY__BUILD__JS__RUN": "make js",
        "ROLLOUT_DEPLOY__BUILD__JS__ENV__NODE_ENV": "production",
    }
    said = deploy_of(tmp_path, DEPLOY, environ=environ)
    assert (said.ref, said.shared) == ("v2", ("log", "tmp/pids"))
    assert said.env == {"RAILS_ENV": Secret("production"), "a__B": Secret("x")}
    assert said.build["css"].run == "make css"
    assert said.build["js"].env == {"NODE_ENV": Secret("production")}


def test_a_flag_outranks_the_variable(tmp_path: Path) -> None:
    here = loaded(tmp_path, DEPLOY, environ={"ROLLOUT_DEPLOY__REF": "v2"}, flags={"--ref": "v3"})
    assert here.settings.deploy
    assert here.settings.deploy.ref == "v3"
    assert here.origin(("deploy", "ref")) == "--ref"


@pytest.mark.parametrize(
    ("added", "sentence"),
    [
        ('to = "srv"', "6: deploy.to: 'srv' must begin with /"),
        ('to = "/"', "6: deploy.to: must not be / itself"),
        ('to = "/srv/../x"', "6: deploy.to: '/srv/../x' must be written without `.`, `..` or `//`"),
        ('to = "/a\\nb"', "6: deploy.to: must be one line, without control characters"),
        ('linked_dirs = ["log"]', "8: deploy.linked_dirs: unknown key (Capistrano's linked_dirs is 'shared' here)"),
        ('rfe = "x"', "8: deploy.rfe: unknown key (did you mean 'ref'?)"),
        ('strategy = "gti"', "8: deploy.strategy: must be 'git', 'push' or 'artifact' (did you mean 'git'?)"),
        ('switch = "togehter"', "8: deploy.switch: must be 'together' or 'each' (did you mean 'together'?)"),
        ('on_failure = "rolback"', "8: deploy.on_failure: must be 'rollback' or 'stop' (did you mean 'rollback'?)"),
        ("keep = 0", "8: deploy.keep: must be at least 1, not 0"),
        ("links = 1", "8: deploy.links: must be true or false"),
        ('links = "on"', "8: deploy.links: must be true or false"),
        ("at_once = 0", "8: deploy.at_once: must be at least 1, not 0"),
        ('timeout = "0s"', "8: deploy.timeout: must be more than 0s: with nothing at all it could only fail"),
        ('sha256 = "abc"', "8: deploy.sha256: must be 64 hexadecimal digits, as sha256sum prints them"),
        ('artifact = "-x"', "8: deploy.artifact: '-x' must not begin with -"),
        ('artifact = "http://me:pw@x y/z"', "8: deploy.artifact: is an address with a space in it: write %20"),
        ('artifact = "http://me:pw@[x/z"', "8: deploy.artifact: 'http://[x/z' is not an address"),
        ('artifact = "http://me:pw\u2100@x/z"', "8: deploy.artifact: 'http://x/z' is not an address"),
        ('env.A = { file = "x" }', "8: deploy.env.A: 'x' must begin with / or ~/"),
        ('env.A = { file = "/x", env = "A" }', '8: deploy.env.A: must be text, in quotes, or { file = "/…" } or { env = "NAME" }'),
        ('env.A = { fiel = "/x" }', '8: deploy.env.A: must be text, in quotes, or { file = "/…" } or { env = "NAME" }'),
        ('max_size = "10"', '8: deploy.max_size: \'10\' is not a size: write it like "10GiB", "500MB" or "4096B"'),
        ("max_size = 10", '8: deploy.max_size: must be a size like "10GiB"'),
        ('max_size = "0B"', "8: deploy.max_size: must be more than 0B: with nothing at all it could only fail"),
        ('strategy = "artifact"\nartifact = "HTTP://x/z.tgz"', "9: deploy.artifact: comes by http and can be replaced on the way: set deploy.sha256, or fetch by https"),
        ('readlink = " "', "8: deploy.readlink: must not be empty"),
        ('shared = ["log", "../x"]', "8: deploy.shared[1]: '../x' must be written without `.`, `..` or `//`"),
        ('shared = ["/log"]', "8: deploy.shared[0]: '/log' must be relative to the release"),
        ('shared = [""]', "8: deploy.shared[0]: must not be empty"),
        ('shared = ["a//b"]', "8: deploy.shared[0]: 'a//b' must be written without `.`, `..` or `//`"),
        ('shared = [".rollout/x"]', "8: deploy.shared[0]: '.rollout/x' is a name that rollout keeps for itself"),
        ('shared_files = ["REVISION"]', "8: deploy.shared_files[0]: 'REVISION' is a name that rollout keeps for itself"),
        ('shared = ["log", "log/"]', "8: deploy.shared[1]: 'log' stands in shared already"),
        ('shared = ["log"]\nshared_files = ["log"]', "9: deploy.shared_files[0]: 'log' stands in shared already"),
        ('shared = ["a/b", "a"]', "8: deploy.shared[0]: 'a/b' is inside 'a' of shared, which is shared whole"),
        ('shared = ["a"]\nshared_files = ["a/b"]', "9: deploy.shared_files[0]: 'a/b' is inside 'a' of shared, which is shared whole"),
        ('env = { "A-B" = "x" }', "8: deploy.env.A-B: 'A-B' is not the name of a variable: letters, digits and _ only"),
        ('env = { ROLLOUT_X = "x" }', "8: deploy.env.ROLLOUT_X: 'ROLLOUT_X': names that begin with ROLLOUT_ are ours"),
        ("env = { PORT = 80 }", '8: deploy.env.PORT: must be text, in quotes, or { file = "/…" } or { env = "NAME" }'),
        ('build.a = ""', "8: deploy.build.a.run: must not be empty"),
        ("build.a = 5", "8: deploy.build.a: must be a command, in quotes, or a table with run = in it"),
        ('build."a b" = "x"', "8: deploy.build.\"a b\": 'a b' is not a name: letters, digits, _ and - only"),
        ('[deploy.build.a]\nrun = "x"\ntiemout = "5s"', "10: deploy.build.a.tiemout: unknown key (did you mean 'timeout'?)"),
        ('[deploy.build.a]\nrun = "x"\nwhere = "host"', "10: deploy.build.a.where: must be 'hosts' or 'bastion' (did you mean 'hosts'?)"),
        ('[deploy.build.a]\nwhere = "hosts"', "8: deploy.build.a.run: is missing"),
        ('[deploy.build.a]\nrun = "x"\nwhere = "bastion"', '10: deploy.build.a.where: "bastion" is for strategy = "push" alone: with "git" no code comes by here'),
        ('hooks.befor = "x"', "8: deploy.hooks.befor: unknown key (did you mean 'before'?)"),
    ],
)  # fmt: skip
def test_a_wrong_setting_is_named_with_its_line(tmp_path: Path, added: str, sentence: str) -> None:
    text = DEPLOY + added + "\n"
    if added.startswith("to = "):
        text = DEPLOY.replace('to = "/srv/shop"', added)
    assert problems(tmp_path, text) == [sentence]


@pytest.mark.parametrize(
    ("repo", "sentence"),
    [
        ("ssh://git:hunter2@x/z", "'ssh://git@x/z' has a password in it, which ssh does not take"),
        ("https://me:hunter2%0A@x/z", "the login of 'https://x/z' has a line break in it"),
        ("https://x/z?token=hunter2", "'https://x/z?token=***' has a ? or a # in it, which git does not pass on: write a token as https://NAME:TOKEN@…, and a ? in it as %3F"),
        ("https://me:hunter2 x@x/z", "is an address with a space in it: write %20"),
    ],
)  # fmt: skip
def test_a_secret_that_git_cannot_be_given_is_refused_and_not_shown(
    tmp_path: Path, repo: str, sentence: str
) -> None:
    text = re.sub('repo = ".*"', f'repo = "{repo}"', DEPLOY)
    assert problems(tmp_path, text) == [f"7: deploy.repo: {sentence}"]


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ('to = "/x"', '5: deploy.repo: is missing: with strategy = "git" the hosts fetch the code from it'),
        ('to = "/x"\nstrategy = "push"', '5: deploy.repo: is missing: strategy = "push" needs a repo or a tree on this machine'),
        ('to = "/x"\nstrategy = "push"\nrepo = "."\ntree = "."', "9: deploy.tree: a repo is set as well: which of the two is to be pushed?"),
        ('to = "/x"\nstrategy = "artifact"', '5: deploy.artifact: is missing: strategy = "artifact" needs it, here or as --artifact'),
        ('repo = "x"', '5: deploy.to: is missing (write in [deploy] for example to = "/srv/shop")'),
    ],
)  # fmt: skip
def test_what_a_strategy_cannot_do_without_is_asked_for(
    tmp_path: Path, text: str, sentence: str
) -> None:
    assert problems(tmp_path, f"[deploy]\n{text}\n") == [sentence]


@pytest.mark.parametrize(
    "ref",
    [
        "", "-x", "--upload-pack=touch x", "a..b", "a@{1}", "a b", "a~1", "a^", "a:b", "a?", "a*",
        "a[b", "a\\b", "a.lock", "a.lock/b", "a/", "/a", "a//b", ".a", "a/.b", "a.", "@",
    ],
)  # fmt: skip
def test_a_ref_that_git_would_not_take_is_refused_at_the_door(tmp_path: Path, ref: str) -> None:
    (problem,) = problems(tmp_path, DEPLOY, environ={"ROLLOUT_DEPLOY__REF": ref})
    assert problem.startswith("ROLLOUT_DEPLOY__REF: deploy.ref: ")


@pytest.mark.parametrize(
    "ref",
    ["main", "v1.2", "feature/x'y", "$(touch${IFS}x)", "a;b", "a&b", "été", "0" * 40, "a{b", "a@b"],
)
def test_a_ref_that_git_would_take_is_taken_as_it_is(tmp_path: Path, ref: str) -> None:
    assert deploy_of(tmp_path, DEPLOY, environ={"ROLLOUT_DEPLOY__REF": ref}).ref == ref


def test_everything_that_is_wrong_is_told_at_once(tmp_path: Path) -> None:
    text = '[deploy]\nto = "x"\nref = "-x"\nshared = [".."]\nswitch = "x"\n'
    assert [line.split(":")[0] for line in problems(tmp_path, text)] == ["6", "7", "8", "9"]


def test_a_hook_can_call_rollout_with_the_facts_it_was_given(tmp_path: Path) -> None:
    facts = {"ROLLOUT_HOOK": "after", "ROLLOUT_RELEASE": "2026", "ROLLOUT_OUTCOME": "live"}
    facts |= {"ROLLOUT_REVISION": "abc", "ROLLOUT_HOSTS": "web1 web2", "ROLLOUT_DEPLOY__KEEP": "2"}
    assert deploy_of(tmp_path, DEPLOY, environ=facts).keep == 2


def test_outside_of_a_hook_such_a_variable_is_a_typo_like_any_other(tmp_path: Path) -> None:
    (problem,) = problems(tmp_path, DEPLOY, environ={"ROLLOUT_HOSTS": "web1"})
    assert problem.startswith("ROLLOUT_HOSTS: this environment variable is no setting (did you")
    assert "(did you mean ROLLOUT_FLEET__HOSTS?)" in problem


def test_what_is_true_or_false_can_be_a_variable(tmp_path: Path) -> None:
    said = deploy_of(tmp_path, DEPLOY, environ={"ROLLOUT_DEPLOY__LINKS": "False"})
    assert not said.links
