"""In what is recorded, a run counts hosts or instances; servers are counted by backend."""

import re
from pathlib import Path

import pytest

GOLDEN = sorted((Path(__file__).parent / "golden").iterdir())
OF_SERVERS = re.compile(r"(.{0,60})\b\d+ of \d+ servers?\b")
BACKEND = re.compile(r"[\w.-]+@[\w.-]+|[\w.-]+/[\w.-]+|serve now|the floor is")
"""What says which servers are meant: a backend of a load balancer."""


@pytest.mark.parametrize("file", GOLDEN, ids=lambda file: file.name)
def test_servers_are_counted_only_where_a_backend_is_named(file: Path) -> None:
    text = file.read_text(encoding="utf-8")
    for before in OF_SERVERS.findall(" ".join(text.split())):
        assert BACKEND.search(before), before
