"""Elements of HTML and SVG; every text in them is escaped, so no name of a host becomes markup."""

from html import escape
from typing import TypeAlias

from rollout.text.sanitize import sanitize

LONGEST = 20_000
"""Characters of one text that are shown."""


class Markup(str):
    """A text that is HTML already."""

    __slots__ = ()


Attribute: TypeAlias = "str | int | float"


def element(tag: str, *children: str, **attributes: Attribute) -> Markup:
    """Return an element.

    Args:
        tag: Its name.
        children: Texts, which are escaped, and :class:`Markup`, which is not.
        attributes: ``aria_label`` becomes ``aria-label``, ``class_`` becomes ``class``.
    """
    inside = "".join(map(_markup, children))
    return Markup(f"<{tag}{_attributes(attributes)}>{inside}</{tag}>")


def void(tag: str, **attributes: Attribute) -> Markup:
    """Return an element that has no children: of SVG, or ``meta``."""
    return Markup(f"<{tag}{_attributes(attributes)}/>")


def joined(*children: str) -> Markup:
    """Return several texts and elements as one."""
    return Markup("".join(map(_markup, children)))


def number(value: float) -> str:
    """Spell a coordinate: two digits behind the point are a hundredth of a pixel."""
    return f"{value:.2f}".rstrip("0").rstrip(".")


def _markup(child: str) -> str:
    return child if isinstance(child, Markup) else escape(sanitize(child, LONGEST), quote=True)


def _attributes(attributes: dict[str, Attribute]) -> str:
    return "".join(
        f' {name.rstrip("_").replace("_", "-")}="{_value(value)}"'
        for name, value in attributes.items()
    )


def _value(value: Attribute) -> str:
    if isinstance(value, str):
        return escape(sanitize(value, LONGEST), quote=True)
    return number(value)
