"""Fails the build where a page would load fonts, scripts or pictures from another machine."""

import re
from pathlib import Path

from sphinx.application import Sphinx
from sphinx.errors import ExtensionError

LOADS = re.compile(
    r"""<(?:script|img|iframe|source)\b[^>]*\bsrc=["']?(?:https?:)?//[^"'>\s]+"""
    r"""|<link\b(?=[^>]*\brel=["']?(?:stylesheet|preload|icon|preconnect))[^>]*\bhref=["']?(?:https?:)?//[^"'>\s]+"""
    r"""|@import\s[^;]*//[^;]+|\burl\(["']?(?:https?:)?//[^)]+"""
)


def look(app: Sphinx, failure: Exception | None) -> None:
    """Name every page or style sheet that loads something remote."""
    if failure or app.builder.format != "html":
        return
    files = [
        file for kind in ("html", "css", "svg") for file in Path(app.outdir).rglob(f"*.{kind}")
    ]
    found = [
        f"{file.relative_to(app.outdir)}: {hit[0]}"
        for file in files
        for hit in LOADS.finditer(file.read_text(encoding="utf-8"))
    ]
    if found:
        raise ExtensionError("a page loads from another machine:\n" + "\n".join(found))


def setup(app: Sphinx) -> dict[str, bool]:
    """Look once everything is written."""
    app.connect("build-finished", look)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
