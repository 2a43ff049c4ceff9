from __future__ import annotations

import json
from pathlib import Path

import pytest

from fieldpack.bundle.read import open_bundle
from fieldpack.cli.main import main
from fieldpack.testing import tiny_bundle


@pytest.mark.parametrize("name", ["tiny", "tiny.fieldpack"])
def test_the_report_lies_beside_the_bundle(
    tmp_path: Path, name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    bundle = tiny_bundle(tmp_path / name)
    assert main(["report", str(bundle), "--json"]) == 0
    written = tmp_path / "tiny-1.0.0.html"
    answer = json.loads(capsys.readouterr().out)
    with open_bundle(bundle) as opened:
        digest = opened.digest
    assert answer == {
        "report": str(written),
        "size_bytes": written.stat().st_size,
        "bundle": "tiny",
        "version": "1.0.0",
        "digest": digest,
        "outcome": "pass",
    }
    assert digest in written.read_text(encoding="utf-8")


def test_another_budget_and_place(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    bundle = tiny_bundle(tmp_path / "tiny")
    budget = tmp_path / "budget.toml"
    budget.write_text("[every]\ninstalled_bytes = 10\n")
    out = tmp_path / "new" / "report.html"
    assert main(["report", str(bundle), "--budget", str(budget), "--out", str(out)]) == 0
    assert capsys.readouterr().out.endswith("verdict  FAIL\n")
    assert "Not ready: 1 of 1 limit is broken." in out.read_text(encoding="utf-8")


def test_a_place_that_cannot_be_written_is_an_error(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    bundle = tiny_bundle(tmp_path / "tiny")
    (tmp_path / "file").write_text("")
    assert main(["report", str(bundle), "--out", str(tmp_path / "file" / "report.html")]) == 2
    assert "the report cannot be written" in capsys.readouterr().err
