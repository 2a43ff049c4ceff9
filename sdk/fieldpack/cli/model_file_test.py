"""``run``, ``explain``, ``precision`` and ``inspect`` on single model files."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from fieldpack.cli.main import main
from fieldpack.coreml.conftest import Handmade
from fieldpack.exports.testing import LABELS
from fieldpack.metadata.testing import described
from fieldpack.testing import TINY_LABELS, tiny_bundle, tiny_golden, tiny_tflite
from fieldpack.tflite.conftest import bad_axis_model

Capture = pytest.CaptureFixture[str]


@pytest.fixture
def tflite(tmp_path: Path) -> Path:
    path = tmp_path / "tiny.tflite"
    path.write_bytes(tiny_tflite())
    np.save(tmp_path / "x.npy", tiny_golden()[0][:1])
    return path


@pytest.fixture
def package(tmp_path: Path) -> Path:
    """``y = sin(64 x)`` in half floats on four numbers, and a picture that is inverted."""
    made = Handmade(tmp_path)
    made.input("x", "float32", (4,))
    np.save(tmp_path / "x.npy", np.array([0.1, -0.9, 0.5, 0.7], np.float32))
    made.op("cast", "h", "float16", (4,), x="x", dtype="=fp16")
    made.op("mul", "angle_cast_fp16", "float16", (4,), x="h", y=np.array([64.0], np.float16))
    made.op("sin", "wave_cast_fp16", "float16", (4,), x="angle_cast_fp16")
    made.op("cast", "y", "float32", (4,), x="wave_cast_fp16", dtype="=fp32")
    made.output("y", "float32", (4,))
    made.model.description.metadata.author = "the meadow team"
    return made.save()


@pytest.fixture
def pictures(tmp_path: Path) -> Path:
    """A program that inverts a picture of 5 x 4 pixels."""
    made = Handmade(tmp_path)
    made.input("photo", "float32", (1, 3, 4, 5))
    made.op("sub", "negative", "float32", (1, 3, 4, 5), x=np.array([255.0], np.float32), y="photo")
    made.output("negative", "float32", (1, 3, 4, 5))
    for feature in (made.model.description.input[0], made.model.description.output[0]):
        feature.type.imageType.width, feature.type.imageType.height = 5, 4
        feature.type.imageType.colorSpace = 20
    return made.save()


def answer(arguments: list[str], capsys: Capture) -> Any:
    assert main([*arguments, "--json"]) == 0
    return json.loads(capsys.readouterr().out)


def test_a_tflite_file_runs_as_it_is_and_inside_a_bundle(
    tflite: Path, tmp_path: Path, capsys: Capture
) -> None:
    bundle = tiny_bundle(tmp_path / "tiny.fieldpack")
    for model in (tflite, bundle):
        found = answer(["run", str(model), "--input", str(tmp_path / "x.npy")], capsys)
        assert (found["engine"], found["evidence"]) == ("LiteRT", "host")
        (output,) = found["outputs"]
        want = tiny_golden()[1][0]
        assert [top["index"] for top in output["top"]] == np.argsort(-want).tolist()
        assert output["max"] == pytest.approx(float(want.max()), abs=1e-6)
    assert len(TINY_LABELS) == output["shape"][1]


def test_core_ml_settings_do_not_pass_for_tflite(tflite: Path, tmp_path: Path, capsys: Capture) -> None:
    assert main(["run", str(tflite), "--input", str(tmp_path / "x.npy"), "--precision", "fp16"]) == 2
    assert "--precision" in capsys.readouterr().err


@pytest.mark.parametrize("engine", ["auto", "reference", "fast"])
def test_a_package_runs_in_both_precisions(
    package: Path, tmp_path: Path, capsys: Capture, engine: str
) -> None:
    x = np.load(tmp_path / "x.npy").astype(np.float64)
    for precision, tolerance in (("fp32", 1e-4), ("fp16", 0.04)):
        given = ["--input", f"x={tmp_path / 'x.npy'}", "--out", str(tmp_path / precision)]
        found = answer(["run", str(package), *given, "--precision", precision, "--engine", engine], capsys)
        assert (found["precision"], found["evidence"]) == (precision, "reference")
        assert found["engine"] == ("reference" if engine == "reference" else "fast")
        y = np.load(tmp_path / precision / "y.npy")
        want = np.sin(64 * x.astype(np.float16).astype(np.float64)) if precision == "fp16" else np.sin(64 * x)
        np.testing.assert_allclose(y, want, atol=tolerance)
    assert not np.array_equal(np.load(tmp_path / "fp16/y.npy"), np.load(tmp_path / "fp32/y.npy"))


def test_pictures_go_in_and_come_out(pictures: Path, tmp_path: Path, capsys: Capture) -> None:
    pixels = np.random.default_rng(2).integers(0, 256, (4, 5, 3), dtype=np.uint8)
    Image.fromarray(pixels).save(tmp_path / "p.png")
    arguments = ["run", str(pictures), "--input", str(tmp_path / "p.png"), "--out", str(tmp_path / "out")]
    assert main(arguments) == 0
    assert "pixels 0..255" in capsys.readouterr().out
    assert np.array_equal(np.asarray(Image.open(tmp_path / "out/negative.png")), 255 - pixels)
    Image.fromarray(pixels[:, :4]).save(tmp_path / "small.png")
    assert main(["run", str(pictures), "--input", str(tmp_path / "small.png")]) == 2
    assert "5 x 4" in capsys.readouterr().err


def test_what_is_no_model_or_lacks_inputs_is_bad_input(
    package: Path, tmp_path: Path, capsys: Capture
) -> None:
    for model in (tmp_path / "x.npy", tmp_path / "absent.mlpackage", tmp_path / "absent", tmp_path):
        assert main(["run", str(model)]) == 2
    capsys.readouterr()
    assert main(["run", str(package)]) == 2
    assert "--input x=FILE" in capsys.readouterr().err
    assert main(["run", str(package), "--flavour", "a"]) == 2


def test_explain_says_what_a_package_holds(package: Path, capsys: Capture) -> None:
    found = answer(["explain", str(package)], capsys)
    assert found["operators"] == {"cast": 2, "mul": 1, "sin": 1}
    assert found["tensors"] == {"float16": 3, "float32": 1}
    assert found["minimum_ios"] == "16"
    assert found["reasons"] == ["specification version 7 needs iOS 16", "operator set CoreML6 needs iOS 16"]
    assert found["metadata"] == {"author": "the meadow team"}
    assert [(item["engine"], item["runs"]) for item in found["engines"]] == [
        ("reference", True),
        ("fast", True),
    ]
    assert main(["explain", str(package)]) == 0
    text = capsys.readouterr().out
    for said in (
        "needs iOS 16",
        "the meadow team",
        "3 float16",
        "reference runs it",
        "input    x multiarray",
    ):
        assert said in text


def test_explain_names_the_operators_that_an_engine_lacks(tmp_path: Path, capsys: Capture) -> None:
    made = Handmade(tmp_path)
    made.input("x", "float32", (4,))
    made.op("frobnicate", "y", "float32", (4,), x="x")
    made.output("y", "float32", (4,))
    path = made.save()
    found = answer(["explain", str(path)], capsys)
    assert [item["missing"] for item in found["engines"]] == [["frobnicate"], ["frobnicate"]]
    assert main(["explain", str(path)]) == 0
    assert "reference does not run it: lacks frobnicate" in capsys.readouterr().out


def test_explain_asks_litert_whether_it_runs_the_file(tflite: Path, tmp_path: Path, capsys: Capture) -> None:
    assert answer(["explain", str(tflite)], capsys)["engines"][0]["runs"]
    (tmp_path / "bad.tflite").write_bytes(bad_axis_model())
    engine = answer(["explain", str(tmp_path / "bad.tflite")], capsys)["engines"][0]
    assert not engine["runs"]
    assert "quantized_dimension" in engine["reason"]


def test_inspect_says_of_a_file_what_explain_says(tflite: Path, package: Path, capsys: Capture) -> None:
    for path in (tflite, package):
        assert answer(["inspect", str(path)], capsys) == answer(["explain", str(path)], capsys)
    found = answer(["explain", str(tflite)], capsys)
    assert found["minimum_runtime"]
    assert sum(layer["weight_bytes"] for layer in found["layers"]) == found["weight_bytes"] == 60
    assert found["inputs"][0]["name"] == "vector"


def test_the_precision_report_names_the_sine_and_its_island(
    package: Path, tmp_path: Path, capsys: Capture
) -> None:
    found = answer(["precision", str(package), "--samples", "4", "--seed", "3"], capsys)
    rows = {row["name"]: row for row in found["operations"]}
    assert [risk["kind"] for risk in rows["wave_cast_fp16"]["risks"]] == ["large argument"]
    assert rows["wave_cast_fp16"]["own"] > 10 * rows["angle_cast_fp16"]["own"] > 0
    assert found["float32_layers"] == "^(angle|wave)$"
    assert found["inputs"] == "4 random samples, seed 3: x uniform -1..1"
    assert main(["precision", str(package), "--input", str(tmp_path / "x.npy")]) == 0
    text = capsys.readouterr().out
    assert "1 sample from" in text
    assert "float32_layers = '^(angle|wave)$'" in text


def test_the_precision_report_is_about_core_ml(tflite: Path, capsys: Capture) -> None:
    assert main(["precision", str(tflite)]) == 2
    assert "Core ML" in capsys.readouterr().err


@pytest.mark.parametrize(
    "bad", [["--samples", "0"], ["--range", "1:0"], ["--range", "nan:1"], ["--range", "x"]]
)
def test_wrong_sampling_is_wrong_usage(package: Path, bad: list[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        main(["precision", str(package), *bad])
    assert caught.value.code == 2


def test_standard_metadata_and_labels_are_told_and_damaged_ones_do_not_stop_it(
    tmp_path: Path, capsys: Capture
) -> None:
    path, about, facts = described(tmp_path, "spectrogram")
    found = answer(["explain", str(path)], capsys)
    assert found["labels"] == list(LABELS)
    assert found["metadata"]["version"] == about.version
    assert found["metadata"]["input sound"] == facts.description
    path.write_bytes(path.read_bytes().replace(b"M001", b"M999"))
    damaged = answer(["explain", str(path)], capsys)
    assert damaged["metadata"]["metadata"].startswith("damaged: identifier b'M999'")
    assert damaged["labels"] == []
