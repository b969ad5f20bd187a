"""How Sphinx builds the manual; `make docs` calls it once for HTML and once for the man pages."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent / "_ext"))

from rollout import __version__

project = "rollout"
author = "the rollout authors"
project_copyright = author
version = release = __version__

extensions = ["myst_parser", "reference", "nothing_remote"]
myst_enable_extensions = ["deflist"]
myst_heading_anchors = 3
smartquotes = False
root_doc = "index"
exclude_patterns = ["man/*"]

html_theme = "furo"
html_title = "rollout"
html_copy_source = False
html_show_sphinx = False
html_static_path = ["_static"]
html_css_files = ["manual.css"]

if tags.has("man"):  # type: ignore[name-defined]  # noqa: F821 - Sphinx gives it
    root_doc = "man/rollout.1"
    exclude_patterns = ["[!m]*", "man/README.md"]
man_pages = [
    ("man/rollout.1", "rollout", "restart and deploy to app servers behind HAProxy", author, "1"),
    ("man/rollout.toml.5", "rollout.toml", "settings of rollout", author, "5"),
]
