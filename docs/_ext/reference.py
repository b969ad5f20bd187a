"""The directive ``rollout``: a part of the reference, written by the program itself."""

import reference_text
from docutils import nodes
from pygments.lexers.special import TextLexer
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

PARTS = {
    "commands": reference_text.commands,
    "global-options": reference_text.global_options,
    "settings": reference_text.settings,
    "exit-codes": reference_text.exit_codes,
    "exit-codes-of-man": reference_text.exit_codes_of_man,
    "events": reference_text.events,
}


class Part(SphinxDirective):
    """``{rollout} commands 3``: every command with its options, below ``###`` headings."""

    required_arguments = 1
    optional_arguments = 1

    def run(self) -> list[nodes.Node]:
        name, level = [*self.arguments, "2"][:2]
        return self.parse_text_to_nodes(PARTS[name](int(level)), allow_section_headings=True)


def setup(app: Sphinx) -> dict[str, bool]:
    """Make the directive known."""
    app.add_directive("rollout", Part)
    app.add_lexer("cron", TextLexer)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
