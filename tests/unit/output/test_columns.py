"""Tables on terminals of any width: each word of each cell is there, and no line is too long."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rollout.output.columns import columns, table
from rollout.text.width import cells

HEADINGS = ("RUN", "STARTED (UTC)", "HOST", "WATCH", "REASON")
ROWS = (
    ("5f0c21", "2026-11-29 03:01", "web1", "1.4s", "leaking workers, OPS-311"),
    ("a41f2b", "2026-11-29 02:00", "web2", "1.3s", "`rollout recover --yes` first"),
)
WORDS = st.text(st.sampled_from("ab1ü漢"), min_size=1, max_size=9)
CELLS = st.lists(WORDS, max_size=5).map(" ".join)


@given(
    st.lists(st.lists(CELLS, min_size=3, max_size=3), min_size=1, max_size=5), st.integers(1, 60)
)
def test_rows_fit_or_are_as_wide_as_they_were(rows: list[list[str]], room: int) -> None:
    shown = columns(rows, room)
    whole = columns(rows, 10_000)
    assert shown == whole or all(cells(line) <= room for line in shown.split("\n"))
    words = sorted(word for row in rows for cell in row for word in cell.split())
    assert sorted(shown.split()) == words


@pytest.mark.parametrize("room", [40, 50, 60, 72, 80, 200])
def test_a_table_fits_from_40_columns_on_and_keeps_commands_whole(room: int) -> None:
    lines = table(HEADINGS, ROWS, spared=("WATCH", "STARTED (UTC)"), room=room).split("\n")
    assert all(cells(line) <= room for line in lines), lines
    assert any("`rollout recover --yes`" in line for line in lines)
    assert all(any(row[0] in line for line in lines) for row in ROWS)


def test_a_spared_column_stands_where_there_is_room_for_it() -> None:
    assert "WATCH" in table(HEADINGS, ROWS, spared=("WATCH",), room=72)
    assert "WATCH" not in table(HEADINGS, ROWS, spared=("WATCH",), room=50)


def test_in_a_pipe_a_row_is_a_line() -> None:
    rows = [("web1", "a reason " * 40), ("web2", "x")]
    assert len(table(("HOST", "REASON"), rows).split("\n")) == len(rows) + 1
