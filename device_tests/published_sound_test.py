"""Sound models of others, as they were published: packed, and run on real recordings whose truth is known."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from fieldpack.cli.main import main

pytestmark = pytest.mark.full

ROOT = Path(__file__).parents[1]
DATA = Path(os.environ.get("FIELDPACK_DATA", ROOT.parent / "shared/data"))
SPECS = ROOT / "benchmarks/fieldpack_benchmarks/specs/published"


@pytest.mark.skipif(
    not (DATA / "models/sound/yamnet").is_dir(), reason="needs FIELDPACK_DATA with models/sound"
)
def test_yamnet_hears_birds_where_they_were_labelled(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FIELDPACK_DATA", str(DATA))
    assert main(["build", str(SPECS / "yamnet.toml"), "--out", str(tmp_path / "yamnet")]) == 0
    recording = DATA / "sound/birds/spinetail.wav"
    capsys.readouterr()
    assert main(["predict", str(tmp_path / "yamnet"), str(recording), "--json"]) == 0
    found = json.loads(capsys.readouterr().out)["answers"][0]["detections"]
    birds = [item for item in found if item["label"] == "Bird"]
    truth = [line.split("\t")[:2] for line in recording.with_suffix(".txt").read_text().splitlines()]
    spans = [(float(start), float(end)) for start, end in (row for row in truth if row[0] != "\\")]
    heard = [any(item["start_s"] < end and start < item["end_s"] for item in birds) for start, end in spans]
    assert len(spans) >= 3
    assert all(heard)


@pytest.mark.skipif(
    not (DATA / "models/sound/biodcase_baseline").is_dir(), reason="needs FIELDPACK_DATA with models/sound"
)
@pytest.mark.parametrize("name", ["biodcase", "biodcase_torch"])
def test_the_biodcase_baselines_name_the_birds_through_a_front_end_in_real_numbers(
    name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FIELDPACK_DATA", str(DATA))
    text = (SPECS / f"{name}.toml").read_text(encoding="utf-8")
    text = text.replace('"../../../../../shared/data"', f'"{DATA}"').replace(
        '"../labels/', f'"{SPECS.parent}/labels/'
    )
    head, tflite, _ = text.split("[[flavours]]")
    budget = "[budget.every]\ninstalled_bytes = 500000\n"
    (tmp_path / "pack.toml").write_text(f"{head}[[flavours]]{tflite}{budget}", encoding="utf-8")
    assert main(["build", str(tmp_path / "pack.toml"), "--out", str(tmp_path / "birds")]) == 0
    recordings = sorted((DATA / "sound/birds").glob("BioDCASE26_TEST_*.wav"))
    assert len(recordings) >= 5
    for recording in recordings:
        capsys.readouterr()
        assert main(["predict", str(tmp_path / "birds"), str(recording), "--json"]) == 0
        (found,) = json.loads(capsys.readouterr().out)["answers"][0]["detections"]
        assert found["label"].replace(" ", "_") == recording.stem.split("_", 3)[3]
        assert found["score"] > 0.7
