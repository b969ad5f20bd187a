"""``rollout report``: the report of a past run, as one file of HTML."""

import sys
from pathlib import Path

from rollout.adapters.local.whole_file import replace_file
from rollout.cli.arguments import Arguments
from rollout.cli.console import print_document, print_error
from rollout.cli.options import RUN
from rollout.cli.past import LAST, PastRuns
from rollout.model.errors import RolloutError, SettingsError
from rollout.output.page.page import report_page
from rollout.output.select import Output


def report(arguments: Arguments) -> int:
    """Run the command and return its exit code.

    The report goes to the file that was named, or to stdout; on a terminal, which cannot show it,
    to a file in this directory.
    """
    file = arguments.typed.report_file
    if not file and arguments.typed.output_mode is Output.JSON:
        raise SettingsError(["a report is HTML; `rollout show RUN --output json` is for programs"])
    settings = arguments.settings().settings
    past = PastRuns(settings)
    view = past.view(arguments.text(RUN) or LAST, traffic=True)
    past.tell_unread()
    page = report_page(view, past.log(view.record.run))
    if not file and sys.stdout.isatty():
        file = f"{settings.app}-{view.record.run}.html"
    if file:
        _write(Path(file), page)
        print_error(f"the report is in {file}")
    else:
        print_document(page)
    return 0


def _write(file: Path, page: str) -> None:
    try:
        replace_file(file, page)
    except OSError as error:
        what = f"{file} cannot be written: {error.strerror}; name another with -o FILE.html"
        raise RolloutError(what) from error
