"""Real accounts for the tests of this folder."""

from collections.abc import Iterator

import pytest

from tests.support.accounts import Accounts, bastion


@pytest.fixture
def accounts() -> Iterator[Accounts]:
    with bastion() as made:
        yield made
