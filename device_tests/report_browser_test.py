"""The report in a real browser: it fits a phone, and the browser finds nothing to complain about."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from html import unescape
from pathlib import Path
from typing import Any

import pytest

from fieldpack.bundle.read import open_bundle
from fieldpack.report.conftest import evidence_of, verdicts_of, write_bundle
from fieldpack.report.page import POLICY, render

BROWSERS = ("chromium", "chromium-browser", "google-chrome")
OPTIONS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--hide-scrollbars", "--disable-dev-shm-usage", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
)  # fmt: skip
FRAME = """<!DOCTYPE html><title>frame</title><iframe id="page" style="width:{width}px;height:900px;border:0"
srcdoc="{page}"></iframe><pre id="found"></pre><script>
addEventListener("load", () => {{
  const inside = document.getElementById("page").contentDocument;
  for (const part of inside.querySelectorAll("details")) part.open = true;
  const wide = inside.documentElement.clientWidth;
  const over = [...inside.querySelectorAll("body *")].filter((node) => {{
    const box = node.getBoundingClientRect();
    return box.width > 0 && box.right > wide + 1 && !node.closest("nav, .scroll, .hidden, svg");
  }});
  const letters = [...inside.querySelectorAll(".size-plot .name, .size-plot .figures, .reference-label")].map(
    (node) => node.getBoundingClientRect()).map((box) => [box.left, box.top, box.right, box.bottom]);
  document.getElementById("found").textContent = JSON.stringify({{
    width: inside.documentElement.scrollWidth, client: wide,
    over: over.slice(0, 5).map((node) => node.outerHTML.slice(0, 120)), letters,
    images: [...inside.images].map((image) => image.complete && image.naturalWidth),
    font: parseFloat(getComputedStyle(inside.querySelector("td, dd, p")).fontSize),
  }});
}});
</script>"""


@pytest.fixture(scope="module")
def browser() -> str:
    found = next((path for name in BROWSERS if (path := shutil.which(name))), None)
    if found is None:
        pytest.skip("no Chromium: apt-get install -y chromium")
    return found


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> str:
    target = tmp_path_factory.mktemp("bundle") / "meadow"
    with open_bundle(write_bundle(target, evidence_of(40), 40)) as bundle:
        return render(bundle, verdicts_of(bundle))


@pytest.mark.full
@pytest.mark.parametrize("width", [320, 390, 700, 860, 1280])
def test_the_page_never_scrolls_sideways(browser: str, page: str, tmp_path: Path, width: int) -> None:
    found = _measure(browser, page, tmp_path, width)
    assert found["client"] == width
    assert found["width"] == width, found["over"]
    assert not found["over"]
    assert all(found["images"])
    letters = found["letters"]
    assert len(letters) == 9  # a name and a line of figures for each of four flavours, and the source model
    for number, one in enumerate(letters):
        assert one[0] >= 0
        assert one[2] <= width
        assert not [other for other in letters[number + 1 :] if _meet(one, other)]


def _meet(one: list[float], other: list[float]) -> bool:
    """Whether two boxes share more than the air around their letters."""
    across = one[0] < other[2] and other[0] < one[2]
    return across and one[1] + 2 < other[3] and other[1] + 2 < one[3]


def _measure(browser: str, page: str, folder: Path, width: int) -> dict[str, Any]:
    """Lay the page out in a frame of that width and read what its boxes came to."""
    content = (
        page.replace(POLICY, "default-src 'unsafe-inline' data:").replace("&", "&amp;").replace('"', "&quot;")
    )
    frame = folder / "frame.html"
    frame.write_text(FRAME.format(width=width, page=content), encoding="utf-8")
    command = [browser, *OPTIONS, f"--user-data-dir={folder / 'profile'}", "--window-size=1400,1000"]
    command += ["--virtual-time-budget=5000", "--dump-dom", frame.as_uri()]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120)
    match = re.search(r'<pre id="found">(\{.*?\})</pre>', done.stdout, re.DOTALL)
    assert match, done.stderr[-2000:]
    found: dict[str, list[list[float]]] = json.loads(unescape(match[1]))
    return found
