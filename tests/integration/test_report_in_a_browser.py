"""The report in headless Chromium: no scroll of the page at any width, and axe finds nothing wrong.

Skipped where there is no Chromium.  axe-core comes with ``npm install --no-save axe-core``, here or
in the directory that AXE_CORE names; without it the other checks are made.
"""

import html
import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from rollout.output.page.page import POLICY, report_page
from tests.output.recorded_deploys import DEPLOYS
from tests.output.recorded_runs import RICH
from tests.output.test_report_page import view_of, with_traffic

HOME = Path(__file__).parents[2]
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
AXE = Path(os.environ.get("AXE_CORE", HOME / "node_modules" / "axe-core")) / "axe.min.js"
NEEDS_AXE = pytest.mark.skipif(not AXE.exists(), reason="axe-core is not installed")
STREAMS = {"rich": with_traffic(RICH), "rolled-back": with_traffic(DEPLOYS["rolled-back"])}

HARNESS = """\
<!doctype html><html lang="en"><head><title>harness</title></head><body>
<iframe id="page" style="width:{width}px;height:900px;border:0" srcdoc="{page}"></iframe>
<pre id="said"></pre>
<script>{axe}</script>
<script>
addEventListener("load", async () => {{
  const inside = document.getElementById("page").contentWindow;
  const root = inside.document.documentElement;
  const wide = [...inside.document.querySelectorAll("body *")]
    .filter((one) => one.getBoundingClientRect().right > {width} + 1 && !one.closest(".wide, pre"))
    .map((one) => one.outerHTML.slice(0, 200));
  const said = {{
    scroll: root.scrollWidth, wide, violations: [],
    paper: inside.getComputedStyle(inside.document.body).backgroundColor,
    strips: [...inside.document.querySelectorAll(".strip")].map((one) => one.clientWidth),
  }};
  if (typeof axe !== "undefined") {{
    inside.eval(document.scripts[0].textContent);
    const found = await inside.axe.run(inside.document, {{ resultTypes: ["violations"] }});
    said.violations = found.violations.map((one) => [one.id, one.nodes.map((node) => node.html)]);
    said.passes = found.passes.length;
  }}
  document.getElementById("said").textContent = JSON.stringify(said);
}});
</script></body></html>
"""

pytestmark = [
    pytest.mark.integration,
    pytest.mark.skipif(CHROMIUM is None, reason="chromium is not installed"),
]


def look(tmp_path: Path, page: str, width: int, *, dark: bool = False, axe: bool = False) -> Any:  # noqa: ANN401 - JSON
    """Open a page in a frame of this width, and return what was measured in it."""
    policy = f'<meta http-equiv="Content-Security-Policy" content="{html.escape(POLICY)}"/>'
    assert policy in page
    framed = html.escape(page.replace(policy, ""))  # it would keep axe from being run
    script = AXE.read_text(encoding="utf-8") if axe else ""
    file = tmp_path / "harness.html"
    file.write_text(HARNESS.format(width=width, page=framed, axe=script), encoding="utf-8")
    done = subprocess.run(
        [
            str(CHROMIUM),
            "--headless=new",
            "--no-sandbox",
            "--disable-gpu",
            f"--user-data-dir={tmp_path / 'chromium'}",
            "--window-size=1300,1000",
            f"--blink-settings=preferredColorScheme={0 if dark else 1}",
            "--virtual-time-budget=20000",
            "--dump-dom",
            file.as_uri(),
        ],
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    )
    said = done.stdout.rpartition('<pre id="said">')[2].partition("</pre>")[0]
    return json.loads(html.unescape(said))


@pytest.fixture(params=STREAMS)
def page(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    view = view_of(tmp_path / "state", STREAMS[request.param])
    return report_page(view, [f"2026-11-22T19:00:0{n}.000Z lb1 {'word ' * 90}" for n in range(9)])


@pytest.mark.parametrize("width", [320, 375, 768, 1200])
def test_the_page_does_not_scroll_sideways(tmp_path: Path, page: str, width: int) -> None:
    opened = page.replace("<details>", "<details open>")
    said = look(tmp_path, opened, width)
    assert said["wide"] == []
    assert said["scroll"] <= width
    assert all(strip > width / 3 for strip in said["strips"])


def test_the_page_is_dark_where_the_reader_wants_it_dark(tmp_path: Path, page: str) -> None:
    assert look(tmp_path, page, 1200)["paper"] == "rgb(255, 255, 255)"
    assert look(tmp_path, page, 1200, dark=True)["paper"] == "rgb(20, 23, 27)"


@NEEDS_AXE
@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("width", [375, 1200])
def test_axe_finds_nothing_wrong(tmp_path: Path, page: str, width: int, *, dark: bool) -> None:
    opened = page.replace("<details>", "<details open>")
    said = look(tmp_path, opened, width, dark=dark, axe=True)
    assert said["violations"] == []
    assert said["passes"] > 20


@NEEDS_AXE
def test_axe_would_find_what_is_wrong(tmp_path: Path, page: str) -> None:
    broken = page.replace('lang="en"', "").replace("--soft: #525a66", "--soft: #c0c4cc")
    said = look(tmp_path, broken, 1200, axe=True)
    assert {"html-has-lang", "color-contrast"} <= {name for name, _ in said["violations"]}
