"""The glossary is true: it has every noun of the model, and the program uses no word beside it."""

import ast
import builtins
import re
from collections.abc import Iterator
from pathlib import Path

HOME = Path(__file__).parents[1]
GLOSSARY = (HOME / "docs" / "glossary.md").read_text(encoding="utf-8")

RETIRED = {
    *("grip", "seat", "seats", "cure", "cures", "voice", "voices", "reborn", "shelf", "shelves"),
    *("errand", "wish", "survey", "sight", "sights", "meddled", "murmur", "lookout", "seating"),
}
"""Words of the last section of the page, as they would stand in an identifier."""


def trees(below: str) -> Iterator[tuple[Path, ast.Module]]:
    for file in sorted((HOME / below).rglob("*.py")):
        yield file.relative_to(HOME), ast.parse(file.read_text(encoding="utf-8"))


def identifiers(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        match node:
            case ast.ClassDef(name=name) | ast.FunctionDef(name=name):
                yield name
            case ast.AsyncFunctionDef(name=name) | ast.Name(id=name) | ast.Attribute(attr=name):
                yield name
            case ast.arg(arg=name) | ast.keyword(arg=str(name)):
                yield name
            case _:
                pass


def words(identifier: str) -> set[str]:
    """Split an identifier: ``TargetControl`` and ``target_control`` are two words each."""
    return {word.lower() for word in re.findall(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])", identifier)}


def test_every_class_of_the_model_stands_in_the_glossary() -> None:
    nouns = {
        node.name
        for _, tree in trees("rollout/model")
        for node in tree.body
        if isinstance(node, ast.ClassDef) and not node.name.startswith("_")
    }
    assert nouns
    assert {noun for noun in nouns if f"`{noun}`" not in GLOSSARY} == set()


def test_the_glossary_names_no_class_that_is_not_there() -> None:
    there = {
        node.name
        for _, tree in trees("rollout")
        for node in ast.walk(tree)
        if isinstance(node, ast.ClassDef)
    }
    named = set(re.findall(r"`([A-Z][a-z]+[A-Za-z]*)`", GLOSSARY))
    assert named - there == set()


def test_no_identifier_uses_a_word_that_the_glossary_retired() -> None:
    used = {
        f"{file}: {name}"
        for file, tree in trees("rollout")
        for name in identifiers(tree)
        if words(name) & RETIRED
    }
    assert used == set()


def test_the_words_that_are_not_used_stand_on_the_page() -> None:
    page = GLOSSARY.rpartition("## Words that are not used")[2]
    assert {"grip", "seat", "cure", "voice", "reborn", "shelf", "wish"} <= set(
        re.findall(r"[a-z]+", page)
    )


def test_an_identifier_is_split_into_its_words() -> None:
    assert words("TargetControl") == {"target", "control"}
    assert words("_seat_words") == {"seat", "words"}
    assert words("HAProxyBalancer") >= {"balancer"}


PRONOUNS = re.compile(r"\b(somebody|someone|nobody|whoever|another hand)\b", re.IGNORECASE)
"""Subjects without a name: a sentence of the program says which run, process or person it means."""


def test_no_sentence_of_the_program_has_a_subject_without_a_name() -> None:
    found = [
        f"{file.relative_to(HOME)}:{number}: {line.strip()}"
        for kind in ("*.py", "*.sh", "*.md", "*.toml")
        for file in sorted((HOME / "rollout").rglob(kind))
        for number, line in enumerate(file.read_text(encoding="utf-8").splitlines(), 1)
        if PRONOUNS.search(line)
    ]
    assert not found


RAISED = re.compile(
    r"^ {4,12}([A-Z]\w+(?:, [A-Z]\w+)*)(?: and (?:its|their) like)?: ", re.MULTILINE
)


def test_a_docstring_names_only_errors_and_fields_that_are_there() -> None:
    classes = {
        n.name for _, t in trees("rollout") for n in ast.walk(t) if isinstance(n, ast.ClassDef)
    }
    known = classes | set(dir(builtins)) | {"Closed"}
    wrong = []
    for file, tree in trees("rollout"):
        for node in ast.walk(tree):
            if not isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
                continue
            text = ast.get_docstring(node) or ""
            raised = text.partition("Raises:\n")[2].partition("\n\n")[0]
            named = [name for row in RAISED.findall(raised) for name in row.split(", ")]
            wrong += [f"{file}: {node.name} raises {name}" for name in named if name not in known]
            if isinstance(node, ast.ClassDef):
                told = text.partition("Attributes:\n")[2].partition("\n\n")[0]
                fields = re.findall(r"^ {4}(\w+): ", told, re.MULTILINE)
                there = set(identifiers(node))
                wrong += [f"{file}: {node.name} has no {one}" for one in fields if one not in there]
    assert not wrong
