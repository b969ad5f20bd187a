"""The line of every key, whatever TOML it is written in."""

import tomllib
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as some

from rollout.settings.toml_lines import KeyPath, lines_of

TEXT = '''\
# a comment with [brackets] and "quotes"
app = "shop"  # app = "no"
a.b.c = 1
list = [ # here
  "one", 'two',
  [3,
   4], # app = 2
]
long = """
app = 'not a key'
[nor.a.table]
ends with quotes"""""
raw = \'\'\'
x = "\'\'\'
when = 1979-05-27 07:32:00
empty = ""

[ "quoted table" . x ]
"quo\\"ted" = { inner = true, 'deep' = { er = [] } }
[[many]]
name = "first"
[[many]]
name = "second"
'''


def test_every_key_has_its_line() -> None:
    lines = lines_of(TEXT)
    assert lines == {
        ("app",): 2,
        ("a",): 3,
        ("a", "b"): 3,
        ("a", "b", "c"): 3,
        ("list",): 4,
        ("list", 0): 5,
        ("list", 1): 5,
        ("list", 2): 6,
        ("list", 2, 0): 6,
        ("list", 2, 1): 7,
        ("long",): 9,
        ("raw",): 13,
        ("when",): 15,
        ("empty",): 16,
        ("quoted table", "x"): 18,
        ("quoted table", "x", 'quo"ted'): 19,
        ("quoted table", "x", 'quo"ted', "inner"): 19,
        ("quoted table", "x", 'quo"ted', "deep"): 19,
        ("quoted table", "x", 'quo"ted', "deep", "er"): 19,
        ("many",): 20,
        ("many", "name"): 21,
    }


def test_windows_line_ends_count_as_one() -> None:
    assert lines_of("a = 1\r\n\r\n# x\r\nb = 2\r\n") == {("a",): 1, ("b",): 4}


@pytest.mark.parametrize("text", ["", "\n\n", "# only a comment"])
def test_nothing_has_no_lines(text: str) -> None:
    assert lines_of(text) == {}


words = some.text(
    some.characters(min_codepoint=32, max_codepoint=0x2FF, exclude_characters="\x7f"), max_size=8
)
keys = some.one_of(some.from_regex(r"[A-Za-z0-9_-]{1,5}", fullmatch=True), words)
values: some.SearchStrategy[Any] = some.recursive(
    some.one_of(some.booleans(), some.integers(-(2**31), 2**31), words),
    lambda inner: some.one_of(
        some.lists(inner, max_size=3), some.dictionaries(keys, inner, max_size=3)
    ),
    max_leaves=6,
)


def written(value: object) -> str:
    match value:
        case bool():
            return "true" if value else "false"
        case int():
            return str(value)
        case list():
            return "[\n" + "".join(f"  {written(item)}, # ] }}\n" for item in value) + "]"
        case dict():
            return "{" + ", ".join(f"{quoted(k)} = {written(v)}" for k, v in value.items()) + "}"
        case _:
            return quoted(str(value))


def quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def paths(value: object, path: KeyPath = ()) -> Iterator[KeyPath]:
    if path:
        yield path
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from paths(inner, (*path, key))
    if isinstance(value, list):
        for index, inner in enumerate(value):
            yield from paths(inner, (*path, index))


@given(some.dictionaries(keys, values, max_size=4))
def test_whatever_tomllib_reads_has_a_line(tree: dict[str, Any]) -> None:
    text = "".join(f"{quoted(key)} = {written(value)}\n" for key, value in tree.items())
    assert tomllib.loads(text) == tree
    assert set(lines_of(text)) == set(paths(tree))
