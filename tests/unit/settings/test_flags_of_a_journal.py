"""The flags of a resumed run are read from its journal, which another version may have written."""

import pytest

from rollout.model.errors import SettingsError
from rollout.settings.flags import read_flags


def test_a_flag_that_does_not_exist_is_named() -> None:
    with pytest.raises(SettingsError, match="--launch: no such flag"):
        read_flags({"--launch": "now", "--floor": "1"})
