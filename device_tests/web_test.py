"""The page of ``fieldpack export --for web`` in a real Chromium, with the real LiteRT.js."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from fieldpack.bundle.read import open_bundle
from fieldpack.cli.main import main
from fieldpack.errors import MissingDependencyError
from fieldpack.exports.testing import HOSTILE, LABELS, kind_bundle
from fieldpack.exports.typescript.tools import INSTALL, node_modules
from fieldpack.predict import Predictor
from fieldpack.records.record import RunOutcome
from fieldpack.records.validity import Plan
from fieldpack.testing import tiny_bundle
from fieldpack_benchmarks.bench.one_target import Wish, bench_flavour
from fieldpack_benchmarks.targets.browser import Browser, browser_program, open_browser, served

READY = "document.getElementById('status')?.textContent === 'Ready'"
RESULT = "document.getElementById('golden')?.dataset.result"
ANSWERED = f"document.querySelector('#answer .bars, #answer .fail') !== null && {READY}"
NAMES = "[...document.querySelectorAll('#answer .bars bdi')].map((item) => item.textContent)"
WIDTHS = "[document.documentElement.scrollWidth, document.documentElement.clientWidth]"


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    if not (node_modules() / "@litertjs").exists():
        pytest.skip(f"no LiteRT.js: {INSTALL}")
    try:
        browser_program()
    except MissingDependencyError as error:
        pytest.skip(f"{error.what}: {error.hint}")
    with open_browser(tmp_path_factory.mktemp("chromium")) as opened:
        yield opened


def exported(bundle: Path, out: Path, *more: str) -> Path:
    assert main(["export", str(bundle), "--for", "web", "--out", str(out), *more]) == 0
    return out


def golden(browser: Browser, url: str) -> dict[str, Any]:
    browser.go(f"{url}?golden=1")
    result: dict[str, Any] = json.loads(browser.wait(RESULT))
    return result


@pytest.mark.full
@pytest.mark.parametrize(("flavour", "allowed"), [("tflite-float32", 1e-5), ("tflite-int8", 0.0)])
def test_golden_vectors_and_a_picture_give_the_native_answer(
    browser: Browser, meadow: Path, tmp_path: Path, flavour: str, allowed: float
) -> None:
    out = exported(meadow, tmp_path / "out", "--flavour", flavour)
    rough = np.random.default_rng(2).integers(0, 256, (37, 53, 3), dtype=np.uint8)
    Image.fromarray(rough).resize((230, 170)).save(tmp_path / "picture.png")
    with served(out) as url:
        result = golden(browser, url)
        assert result["sameBest"] == result["compared"] == result["count"] > 0
        assert result["largestGap"] <= allowed
        assert result["passed"]
        browser.give_file("#input input[type=file]", tmp_path / "picture.png")
        browser.wait(ANSWERED)
        shown = browser.value(
            "[...document.querySelectorAll('#answer .bars b')].map((item) => item.textContent)"
        )
        names = browser.value(NAMES)
    with open_bundle(meadow) as bundle:
        best = Predictor(bundle, flavour).ranked(tmp_path / "picture.png")["probabilities"]
    assert names == [item.label for item in best]
    assert shown == [f"{item.score * 100:.1f} %" for item in best]


def test_it_opens_again_without_its_server(browser: Browser, tmp_path: Path) -> None:
    out = exported(kind_bundle(tmp_path / "bundle", "location"), tmp_path / "out")
    with served(out) as url:
        browser.go(url)
        browser.wait("document.getElementById('offline')?.textContent")
    browser.go("about:blank")
    assert golden(browser, url)["count"] == 5


@pytest.mark.parametrize("kind", ["image", "location", "spectrogram"])
def test_hostile_names_are_text_and_the_page_fits_every_screen(
    browser: Browser, tmp_path: Path, kind: str
) -> None:
    out = exported(kind_bundle(tmp_path / "bundle", kind), tmp_path / "out")
    with served(out) as url:
        for width, dark in ((320, False), (390, True), (1280, False)):
            browser.size(width, 900, dark=dark)
            golden(browser, url)
            if kind == "image":
                browser.value("document.querySelector('.examples button').click()")
                browser.wait(ANSWERED)
                assert set(browser.value(NAMES)) == set(LABELS)
                assert f"root {HOSTILE}" in browser.value("document.querySelector('.tree').textContent")
            scroll, client = browser.value(WIDTHS)
            assert scroll == client == width
        assert browser.value("document.getElementById('about').textContent").startswith(HOSTILE)


def test_a_file_that_is_no_picture_is_told(browser: Browser, tmp_path: Path) -> None:
    out = exported(kind_bundle(tmp_path / "bundle", "image"), tmp_path / "out")
    (tmp_path / "text.png").write_text("no picture")
    with served(out) as url:
        browser.go(url)
        browser.wait(READY)
        browser.give_file("#input input[type=file]", tmp_path / "text.png")
        told = browser.wait("document.querySelector('#answer .fail')?.textContent")
    assert "no picture" in told


SHORT = Plan(warm_ups=1, samples=8, seconds=5.0, shortest_s=0.0, rounds=2)


def test_a_bench_keeps_times_and_answers_of_a_page(browser: Browser, tmp_path: Path) -> None:
    with open_bundle(kind_bundle(tmp_path / "bundle", "location")) as bundle:
        flavour = bundle.manifest.flavours[0]
        wish = Wish("quick", SHORT, 2, tmp_path / "records")
        record, host = (bench_flavour(bundle, flavour, name, wish) for name in ("web", "host"))
    assert record.outcome is RunOutcome.MEASURED, record.reason
    assert (record.target, record.evidence.value, len(record.rounds)) == ("web", "host", 2)
    assert record.runner is not None
    assert record.runner.kind == "page"
    assert all(item.samples >= 8 and item.load_ms > 1 for item in record.rounds)
    assert record.golden_gap == pytest.approx(host.golden_gap, abs=1e-5)


def test_what_a_page_cannot_run_is_not_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    wish = Wish("quick", SHORT, 1, tmp_path / "records")
    with open_bundle(tiny_bundle(tmp_path / "tiny")) as bundle:
        record = bench_flavour(bundle, bundle.manifest.flavours[0], "web", wish)
    assert (record.outcome, record.evidence.value) == (RunOutcome.NOT_RUN, "not_run")
    assert "pictures, recordings and places" in record.reason
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    with open_bundle(kind_bundle(tmp_path / "place", "location")) as bundle:
        record = bench_flavour(bundle, bundle.manifest.flavours[0], "web", wish)
    assert record.outcome is RunOutcome.NOT_RUN
    assert "npm install" in record.reason
