"""What the manual shows of the demo tells nothing of the machine on which it was made."""

import re
import socket
import tempfile

import pytest

from examples.demo_page import BEGIN, END, PAGE, PICTURES, moments, neutral_words, shape, written

SHOWN = {
    "the transcript": written(PAGE.read_text(encoding="utf-8")),
    **{one.name: (PICTURES / f"{one.name}.svg").read_text(encoding="utf-8") for one in moments()},
}


@pytest.mark.parametrize("name", SHOWN)
def test_neither_transcript_nor_picture_tells_of_the_machine(name: str) -> None:
    text = re.sub(r"&#160;", " ", SHOWN[name])
    assert not re.findall(r"/(?:root|home|work|usr|opt|var)/\S*", text)
    assert set(re.findall(r"\w+@[\w.-]+", text)) <= {"ops@bastion1"}
    assert not re.search(rf"\b{re.escape(socket.gethostname())}\b", text)


def test_every_picture_is_shown_by_the_page_and_loads_nothing() -> None:
    page = PAGE.read_text(encoding="utf-8")
    for moment in moments():
        assert f"](../_static/{moment.name}.svg)" in page
        addresses = set(re.findall(r"https?://[^\s\"')]+", SHOWN[moment.name]))
        assert addresses == {"http://www.w3.org/2000/svg"}, "a name, which nothing loads"


def test_the_transcript_is_found_between_its_marks() -> None:
    assert written(f"# x\n{BEGIN}```text\n$ a\nb\n```\n{END}more") == "$ a\nb\n"
    with pytest.raises(ValueError, match="no transcript"):
        written("# x\n")


def test_the_shape_of_a_demo_is_the_begin_of_its_lines_without_numbers() -> None:
    said = (
        "\x1b[1;31mrollout: done. Release 20261122193700 (a1b2c3d) is live\x1b[0m\r\n"
        "         deployed in 2m10s\n web1 ✓ done\n10:11:12Z rollout stops\n\n"
        "(exit 0 after 2.1 s)\n"
    )
    assert shape(said) == ["rollout: done. Release", "(exit N after"]
    place = f"--config {tempfile.gettempdir()}/rollout-fleet-ab_1/x"
    assert neutral_words(place) == "--config /tmp/fleet/x"
