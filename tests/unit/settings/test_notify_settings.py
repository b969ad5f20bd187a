"""Settings that tell others: strict, and a webhook's address is nowhere to be read."""

from pathlib import Path

import pytest

from rollout.adapters.journal.secret_digests import is_sealed, open_digests
from rollout.model.errors import SettingsError
from rollout.settings.dump import as_json, as_text, as_toml
from rollout.settings.load import Loaded, load

TEN = 'app = "shop"\n[balancers.lb1]\n[fleet]\nhosts = ["web1"]\n'
HOOK = "https://hooks.slack.com/services/T000/B000/s3cr3t"


def loaded(tmp_path: Path, text: str, **environ: str) -> Loaded:
    file = tmp_path / "rollout.toml"
    file.write_text(TEN + text)
    return load(environ=environ, config=str(file))


def problem(tmp_path: Path, text: str, **environ: str) -> str:
    with pytest.raises(SettingsError) as refused:
        loaded(tmp_path, text, **environ)
    return "\n".join(refused.value.problems)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('[notify]\nwebhook = "hooks.slack.com/x/s3cr3t"', "must begin with https:// or http://"),
        ('[notify]\nwebhook = "https:///s3cr3t"', "has no host"),
        ('[notify]\nwebhook = "https://[s3cr3t/"', "is not an address"),
        ('[notify]\nwebhook = "https://h:x/s3cr3t"', "is not an address"),
        ('[notify]\nwebhook = "https://me:s3cr3t@h/x"', "has a login in it"),
        ('[notify]\nwebhook = "https://h/s3cr3t x"', "has no host, or has in it"),
        ('[notify]\nwebhook = "https://h/s3cr3t\\nx"', "must be one line"),
        ("[notify]\nwebhook = 5", "must be text, in quotes"),
        ('[notify]\non = ["ended"]', "notify.on"),
        ("[notify]\non = []", "notify.on"),
        ('[notify]\ntimeout = "0s"', "must be more than 0s"),
        ('[hooks]\nhost_in = "true"', "hooks.host_in"),
        ('[hooks]\nafter = "a\\nb"', "must be one line"),
        ('[silence]\nbegin = "true"', "silence.end: is missing"),
        ('[silence]\nend = "true"', "silence.begin: is missing"),
        ('[metrics]\ntextfile = "shop.prom"', "must begin with /"),
        ('[metrics]\ntextfile = "/var/lib/shop.txt"', "must end in NAME.prom"),
    ],
)
def test_what_cannot_be_meant_is_an_error_that_repeats_no_secret(
    tmp_path: Path, text: str, said: str
) -> None:
    told = problem(tmp_path, text)
    assert said in told
    assert "s3cr3t" not in told


def test_the_moments_can_stand_in_a_variable(tmp_path: Path) -> None:
    settings = loaded(tmp_path, "", ROLLOUT_NOTIFY__ON="started, reduced").settings
    assert settings.notify.on == ("started", "reduced")


def test_a_webhook_is_masked_wherever_settings_are_shown(tmp_path: Path) -> None:
    found = loaded(tmp_path, f'[notify]\nwebhook = "{HOOK}"\ncommand = "tell --token s3cr3t"\n')
    digests = open_digests(tmp_path / "state")
    journal = as_text(found, digests.seal)
    assert is_sealed(journal["notify.webhook"])
    assert is_sealed(journal["notify.command"])
    shown = f"{as_json(found)}{as_toml(found)}"
    assert HOOK not in shown
    assert 'webhook = "***"' in shown
    assert "s3cr3t" not in f"{journal}{found.settings.notify.webhook!r}"
    assert HOOK in as_toml(found, secrets=True)


def test_where_a_webhook_is_kept_is_shown(tmp_path: Path) -> None:
    found = loaded(tmp_path, '[notify]\nwebhook = { file = "/etc/rollout/shop.webhook" }\n')
    assert "/etc/rollout/shop.webhook" in as_toml(found)


def test_what_a_hook_is_told_is_no_setting_of_a_rollout_that_it_calls(tmp_path: Path) -> None:
    facts = {f"ROLLOUT_{name}": "x" for name in ("APP", "RUN", "TARGET", "HOST", "COMMAND")}
    facts |= {f"ROLLOUT_{name}": "1" for name in ("SECONDS", "SILENCE", "MOMENT", "EXIT_CODE")}
    found = loaded(tmp_path, "", ROLLOUT_HOOK="host_out", **facts)
    assert found.settings.app == "shop"
