"""The annotated example is the manual: what does not stand in it does not exist."""

import re
import tomllib
from collections.abc import Iterator
from importlib import resources
from itertools import pairwise
from pathlib import Path

import pytest
from pydantic import BaseModel
from pydantic_core import PydanticUndefined

from rollout.model.plan import Timeouts
from rollout.settings.deploy_model import DeploySettings
from rollout.settings.error_messages import tables
from rollout.settings.load import load
from rollout.settings.model import Settings

EXAMPLE = resources.files("rollout").joinpath("example.toml").read_text(encoding="utf-8")


CHOSEN = {"balancers": "lb1", "build": "scripts"}
"""The names that the example gives where the operator chooses one."""
TABLES = {"addresses", "ports", "build"}
REQUIRED: dict[str, object] = {
    "hosts": ["web1"],
    "to": "/srv/shop",
    "run": "make",
    "app": "shop",
    "balancers": {"lb1": {}},
    "fleet": {"hosts": ["web1"]},
}


def with_every_default(text: str) -> str:
    """Take the mark from every line that shows a default, but not from the overlay at the end."""
    body = text.partition("#[env.")[0]
    return re.sub(r"^#(?=[a-z_.0-9]+ = |\[)", "", body, flags=re.MULTILINE)


def fields() -> Iterator[tuple[tuple[str, ...], str, type[BaseModel]]]:
    for table, model in tables():
        for name in model.model_fields:
            yield table, name, model


@pytest.mark.parametrize(
    ("table", "name", "model"),
    list(fields()),
    ids=lambda part: getattr(part, "__name__", str(part)),
)
def test_every_setting_stands_in_the_example_with_its_default(
    table: tuple[str, ...], name: str, model: type[BaseModel]
) -> None:
    written = tomllib.loads(with_every_default(EXAMPLE))
    for above, key in pairwise(("", *table)):
        written = written[CHOSEN[above] if key == "*" else key]
    assert name in written
    entry = model.model_fields[name]
    kind = entry.annotation
    is_table = isinstance(kind, type) and issubclass(kind, BaseModel)
    if entry.is_required() or is_table or name in TABLES or kind == DeploySettings | None:
        return
    assert entry.default is not PydanticUndefined
    said = model.model_validate(tables_without_required(model) | {name: written[name]})
    assert getattr(said, name) == entry.default


def tables_without_required(model: type[BaseModel]) -> dict[str, object]:
    return {name: said for name, said in REQUIRED.items() if name in model.model_fields}


def test_nothing_stands_in_the_example_that_is_not_a_setting(tmp_path: Path) -> None:
    file = tmp_path / "all.toml"
    text = with_every_default(EXAMPLE).replace('repo = ""', 'repo = "git@git.example.com:shop.git"')
    file.write_text(text)
    settings = load(environ={}, config=str(file)).settings
    assert settings.fleet.addresses == {"web01": ("10.213.1.11",)}
    assert settings.monit.ports == {"mongrel_a": 8000}
    assert settings.deploy
    assert list(settings.deploy.build) == ["stylesheets", "scripts"]


def test_the_example_loads_as_it_is_and_is_all_defaults(tmp_path: Path) -> None:
    file = tmp_path / "example.toml"
    file.write_text(EXAMPLE)
    settings = load(environ={}, config=str(file)).settings
    assert settings.model_dump(exclude_unset=True) == {
        "app": "shop",
        "balancers": {"lb1": {}},
        "fleet": {"hosts": ("web[01-04]",), "addresses": {}},
        "hooks": {},
        "lock": {},
        "log": {},
        "metrics": {},
        "monit": {"ports": {}},
        "notify": {},
        "restart": {},
        "silence": {},
        "ssh": {},
    }


def test_the_overlay_in_the_example_loads_too(tmp_path: Path) -> None:
    file = tmp_path / "example.toml"
    file.write_text(EXAMPLE.replace("#[env", "[env").replace("#hosts", "hosts"))
    names = load(environ={}, config=str(file), env="staging").settings.fleet.names
    assert names == ("staging1", "staging2")


def test_the_default_patience_is_that_of_the_plan(tmp_path: Path) -> None:
    file = tmp_path / "example.toml"
    file.write_text(EXAMPLE)
    assert load(environ={}, config=str(file)).settings.timeouts() == Timeouts()


def test_every_table_is_walked() -> None:
    assert [table for table, _ in tables(Settings)] == [
        (),
        ("balancers", "*"),
        ("fleet",),
        ("ssh",),
        ("monit",),
        ("restart",),
        ("lock",),
        ("hooks",),
        ("notify",),
        ("silence",),
        ("metrics",),
        ("log",),
        ("deploy",),
        ("deploy", "build", "*"),
        ("deploy", "hooks"),
    ]
