"""The summary of a gate as a build service shows it: GitHub's own Markdown parser, then a real Chromium."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from cmarkgfm import github_flavored_markdown_to_html
from cmarkgfm.cmark import Options

from fieldpack.errors import InputError, MissingDependencyError
from fieldpack.model import validated
from fieldpack.records.baseline import Baseline
from fieldpack.verdict import AT_MOST, Evidence, Figure, Outcome, Verdict, judge
from fieldpack.verdict_files.judged import Judged
from fieldpack.verdict_files.summary import as_markdown
from fieldpack_benchmarks.targets.browser import Browser, browser_program, open_browser

PAGE_WIDTH = 1012
"""CSS pixels that a job's summary has on a wide screen."""
STYLE = (
    "body{margin:0;font:14px/1.5 sans-serif}table{border-collapse:collapse}"
    "td,th{padding:6px 13px;border:1px solid}"
    "code{font:85% monospace;padding:.2em .4em;white-space:break-spaces}"
)
HOSTILE = "<img src=x onerror=hit()>|`</table>\u202e @team"
SHOWN = "<img src=x onerror=hit()>|`</table><U+202E> @team"
TARGET = "instructions.qemu-arm64:cortex-a76"
TABLES = """[...document.querySelectorAll("table")].map((table) => ({
  rows: [...table.rows].map((row) => [...row.cells].map((cell) => cell.textContent)),
  right: [...table.rows].map((row) => [...row.cells].map((cell) => cell.align)),
  width: table.getBoundingClientRect().width,
  tall: [...table.querySelectorAll("td")].map((cell) => cell.getBoundingClientRect().height),
}))"""


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    try:
        browser_program()
    except MissingDependencyError as error:
        pytest.skip(f"{error.what}: {error.hint}")
    with open_browser(tmp_path_factory.mktemp("chromium")) as opened:
        opened.size(PAGE_WIDTH, 900)
        yield opened


def verdict(name: str, value: float | None, limit: float, half: float | None = None) -> Verdict:
    low, high = (None, None) if half is None or value is None else (value - half, value + half)
    evidence = Evidence.NOT_RUN if value is None else Evidence.EMULATED
    unit = "fraction" if half else "bytes"
    figure = Figure(name, value, unit, evidence, 99, low, high)
    return judge(figure, limit, AT_MOST, subject="tflite-dynamic")


def baseline(layers: dict[str, int]) -> Baseline:
    flavour = {
        "kind": "tflite", "installed_bytes": 99_999_999, "download_bytes": 9_999_999, "layers": layers,
        "requires": {"operators": {"CONV_2D": 1}},
    }  # fmt: skip
    values = {
        "schema": "fieldpack-baseline/1", "flavours": {"tflite-dynamic": flavour},
        "bundle": {"name": "meadow-12", "version": "1.0.0", "digest": "0" * 64},
    }  # fmt: skip
    return validated(Baseline, values, "test", InputError)


def judged(layer: str, reason: str) -> Judged:
    lost = Verdict(TARGET, "tflite-dynamic", Outcome.NOT_RUN, verdict(TARGET, None, 1).figure, None, AT_MOST)
    verdicts = [
        verdict("installed_bytes", 5, 99_999_999),
        verdict("download_bytes", 99_999_999, 9_999_999),
        Verdict(**{name: getattr(lost, name) for name in Verdict.__slots__} | {"reason": reason}),
        verdict("worst_slice_agreement", 0.99, 0.991, 0.0123),
    ]
    return Judged(
        "meadow-12", "1.0.1", "1" * 64, Path("budget.toml"), Outcome.FAIL, verdicts,
        baseline({layer: 200_000, "dense": 7}), baseline({layer: 100_000, "dense": 7}),
        {"tflite-dynamic": {TARGET: [3, 2, 1, 4_000_000]}},
    )  # fmt: skip


def tables(browser: Browser, found: Judged) -> list[dict[str, Any]]:
    """Show a summary in a page that trusts it with everything, and read its tables."""
    html = github_flavored_markdown_to_html(as_markdown(found), Options.CMARK_OPT_UNSAFE)
    browser.go("about:blank")
    browser.wait("document.readyState === 'complete'")
    head = (
        f"<meta charset=utf-8><style>{STYLE}</style><script>hit = () => {{ document.title = 'hit' }}</script>"
    )
    browser.value(f"document.write({json.dumps(head + html)}), document.close()")
    browser.wait("document.readyState === 'complete'")
    return list(browser.value(TABLES))


def test_its_tables_fit_a_page_and_figures_stay_in_a_line(browser: Browser) -> None:
    verdicts, history, layers = tables(browser, judged("block/dense/matmul", "no record of this file"))
    assert browser.value("document.querySelector('h2').textContent") == "❌ meadow-12 1.0.1: fail"
    assert verdicts["rows"][0] == ["verdict", "flavour", "limit", "figure", "bounds", "allowed", "evidence"]
    rows = [[cell.replace("\u00a0", " ") for cell in row] for row in verdicts["rows"][1:]]
    assert [row[0] for row in rows] == ["❌ fail", "⛔ not_run", "❔ inconclusive", "✅ pass"]
    assert rows[0][3:] == ["99,999,999 B", "", "<= 9,999,999 B", "emulated"]
    assert rows[2][3:6] == ["99.00 %", "97.77 % .. 100.23 %", "<= 99.10 %"]
    assert verdicts["right"][1][3:6] == ["right"] * 3
    assert history["rows"][1][2:] == ["▁▁▁█", "4,000,000"]
    assert layers["rows"][1] == ["block/dense/matmul", "100,000", "200,000", "+100.00\u00a0%"]
    for table in (verdicts, history, layers):
        assert len({len(row) for row in table["rows"]}) == 1
        assert table["width"] <= PAGE_WIDTH
        assert max(table["tall"]) == min(table["tall"])


def test_the_sparkline_has_a_shape(browser: Browser) -> None:
    tables(browser, judged("a", "b"))
    marks = "[...document.querySelectorAll('code')].find((item) => item.textContent.includes('█'))"
    box = browser.value(
        f"(() => {{ const b = {marks}.getBoundingClientRect(); return [b.width, b.height] }})()"
    )
    assert min(box) > 10


def test_text_of_others_is_text(browser: Browser) -> None:
    _, _, layers = tables(browser, judged(HOSTILE, HOSTILE))
    assert layers["rows"][1][0] == SHOWN
    reasons = browser.value("[...document.querySelectorAll('li')].map((item) => item.textContent)")
    assert any(SHOWN in text.replace("\u2060", "") for text in reasons)
    assert browser.value("document.body.querySelectorAll('img, a, script, style').length") == 0
    assert browser.value("document.title") != "hit"
    assert browser.console == []
