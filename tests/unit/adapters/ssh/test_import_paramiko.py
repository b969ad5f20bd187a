import subprocess
import sys
from pathlib import Path

import pytest

from rollout.adapters.ssh.import_paramiko import import_lean, missing


def in_a_fresh_python(code: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", code], check=True, capture_output=True, text=True, timeout=60
    )
    assert done.stderr == ""
    return done.stdout.strip()


def test_paramiko_is_imported_without_invoke_which_works_afterwards() -> None:
    code = (
        "import sys; import rollout.adapters.ssh as ssh; "
        "print('paramiko' in sys.modules, 'invoke' in sys.modules); "
        "import invoke; print(invoke.run.__name__)"
    )
    assert in_a_fresh_python(code) == "True False\nrun"


def test_an_invoke_that_is_there_already_is_left_alone() -> None:
    code = (
        "import sys, invoke; before = invoke; import rollout.adapters.ssh; "
        "import invoke; print(invoke is before is sys.modules['invoke'])"
    )
    assert in_a_fresh_python(code) == "True"


def test_a_library_that_needs_it_after_all_gets_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(str(tmp_path))
    (tmp_path / "burden.py").write_text("WEIGHT = 1\n")
    (tmp_path / "laden").mkdir()
    (tmp_path / "laden" / "__init__.py").write_text("import laden.inner\nimport burden\n")
    (tmp_path / "laden" / "inner.py").write_text("")
    import_lean("laden", without="burden")
    assert sys.modules["laden"].burden.WEIGHT == 1
    for name in ("laden", "laden.inner", "burden"):
        monkeypatch.delitem(sys.modules, name)


def test_what_was_made_missing_can_be_imported_after_the_block(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(str(tmp_path))
    (tmp_path / "hidden_for_now.py").write_text("")
    with missing("hidden_for_now"), pytest.raises(ImportError):
        __import__("hidden_for_now")
    assert __import__("hidden_for_now")


def test_failures_inside_paramiko_do_not_reach_the_screen() -> None:
    code = (
        "import rollout.adapters.ssh, logging; "
        "logging.getLogger('paramiko.transport').error('Exception (client): traceback')"
    )
    assert in_a_fresh_python(code) == ""
