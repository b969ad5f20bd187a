"""What cron mails, and when it mails nothing."""

from rollout.events import (
    Event,
    RolloutFinished,
    RolloutStarted,
    TargetDone,
    TargetSkipped,
)
from rollout.output.cron import Cron
from rollout.output.messages import RunResult, StampedEvent
from rollout.summary.run import RunSummary, enter


class Mail:
    def __init__(self) -> None:
        self.text = ""

    def write(self, text: str) -> None:
        self.text += text

    def close(self, timeout: float) -> bool:
        del timeout
        return True


def mailed(*events: Event) -> str:
    mail, summary = Mail(), RunSummary()
    cron = Cron(mail)
    for number, event in enumerate(events, 1):
        summary = enter(summary, event)
        cron.show(StampedEvent("5f0c21", number, "2026-11-22T19:37:02Z", event, summary))
    cron.end(
        RunResult(run="5f0c21", number=9, at="2026-11-22T19:37:09Z", summary=summary, seconds=7.0)
    )
    return mail.text


STARTED = RolloutStarted(targets=("web1",), max_out=1, floor="50%")
DONE = TargetDone(target="web1", seconds=5.0)


def test_a_good_night_is_silent() -> None:
    assert mailed(STARTED, DONE, RolloutFinished()) == ""


def test_a_server_that_somebody_holds_out_is_one_line_each_night() -> None:
    skipped = TargetSkipped(target="web2", reason="app/web2@lb1 is in maint, not by rollout")
    text = mailed(skipped, STARTED, DONE, RolloutFinished())
    assert text.startswith("rollout: done. 1 of 2 hosts restarted")
    assert "\n\n" not in text
    assert "web2 (app/web2@lb1 is in maint, not by rollout)" in " ".join(text.split())


def test_a_night_on_which_everybody_is_held_out_is_not_silent() -> None:
    skipped = TargetSkipped(target="web2", reason="app/web2@lb1 is in drain, not by rollout")
    assert "nothing to do" in mailed(skipped)
