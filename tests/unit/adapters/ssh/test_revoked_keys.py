"""Files of revoked keys; their agreement with the real ssh is in tests/integration/ssh."""

from pathlib import Path

import pytest

from rollout.adapters.local.program import Completed
from rollout.adapters.ssh.revoked_keys import KRL, Unreadable, find_revoked
from tests.unit.adapters.ssh.test_known_hosts import key


def test_a_key_is_found_by_its_line(tmp_path: Path) -> None:
    file = tmp_path / "revoked"
    file.write_text(f"# lost in May\n\n{key('a').line} root@web1\n\t{key('b').line}\r\n")
    assert find_revoked(file, key("a")) == f"{file}:3"
    assert find_revoked(file, key("b")) == f"{file}:4"
    assert find_revoked(file, key("c")) == ""


def test_a_line_that_is_no_key_refuses_the_host(tmp_path: Path) -> None:
    file = tmp_path / "revoked"
    for line in ("web1", f"web1 {key('a').line}", key("a").line[:-4], "ssh-foo AAAA"):
        file.write_text(f"{key('b').line}\n{line}\n")
        with pytest.raises(Unreadable, match=f"{file}:2 is no public key"):
            find_revoked(file, key("c"))


@pytest.mark.parametrize(
    ("status", "out", "told"),
    [
        (0, "", "ended with 0"),
        (1, "/dev/stdin (): ok\n", "ended with 1"),
        (0, "/dev/stdin (): REVOKED\n", "ended with 0"),
        (255, "", "ended with 255"),
    ],
)
def test_an_answer_about_a_krl_that_is_not_clear_refuses_the_host(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, status: int, out: str, told: str
) -> None:
    def answer(_: list[str], **__: object) -> Completed:
        return Completed(status, out, "")

    monkeypatch.setattr("rollout.adapters.ssh.revoked_keys.run_program", answer)
    file = tmp_path / "krl"
    file.write_bytes(KRL)
    with pytest.raises(Unreadable, match=told):
        find_revoked(file, key("a"))


def test_a_missing_ssh_keygen_refuses_the_host(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    file = tmp_path / "krl"
    file.write_bytes(KRL)
    with pytest.raises(Unreadable, match="ssh-keygen -Q fails"):
        find_revoked(file, key("a"))
