"""Files say what goes into them: every kind of input, pixels scaled or not, thresholds, both formats."""

from __future__ import annotations

import hashlib
import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from fieldpack.bundle.manifest import Border, FlavourKind, Quantization
from fieldpack.contract import Contract, ImageInput, LocationInput, Output, SpectrogramInput, WaveformInput
from fieldpack.coreml.conftest import Handmade
from fieldpack.coreml.editing import ProgramEditor
from fieldpack.coreml.package import open_package
from fieldpack.errors import ModelFileError
from fieldpack.exports.testing import HOSTILE, INPUTS, LABELS, SOUND
from fieldpack.metadata.about import About
from fieldpack.metadata.in_coreml import describe_coreml
from fieldpack.metadata.in_tflite import describe_tflite, files_of
from fieldpack.metadata.inputs import input_facts
from fieldpack.metadata.outputs import output_facts
from fieldpack.metadata.parts import encoder_facts, front_end_facts
from fieldpack.metadata.tensor_facts import Calibration, Normalisation, Sound, TensorFacts
from fieldpack.metadata.testing import described, stated_tensor
from fieldpack.tflite.file import open_model
from fieldpack.tflite.metadata.reading import packed_files, standard_metadata

SIGMOID = {"name": "scores", "activation": "sigmoid", "labels": "labels.txt", "threshold": 0.5}
BORDER = Border(name="scores", tensor="scores", shape=(1, 3), dtype="float32")


@pytest.mark.parametrize("kind", INPUTS)
def test_every_kind_of_input_is_told_of_and_the_file_still_runs(kind: str, tmp_path: Path) -> None:
    from ai_edge_litert.interpreter import Interpreter as LiteRT

    path, about, _ = described(tmp_path, kind)
    stated = standard_metadata(open_model(path))
    assert stated is not None
    assert (stated["name"], stated["license"], "author" in stated) == ("tiny", "CC0-1.0", False)
    assert stated["min_parser_version"] == ("1.3.0" if kind == "waveform" else "1.0.0")
    tensor = stated_tensor(path)
    assert tensor["name"] == INPUTS[kind]["name"]
    wanted = {"image": "ImageProperties", "waveform": "AudioProperties"}.get(kind, "FeatureProperties")
    assert tensor["content"]["content_properties"][0] == wanted
    assert len(tensor.get("dimension_names", ())) in (0, len(open_model(path).inputs[0].shape))
    files = packed_files(path)
    assert files["scores.labels.txt"].decode().split("\n") == [*LABELS, ""]
    assert hashlib.sha256(files["contract.json"]).hexdigest() == about.contract_digest
    assert about.contract_digest in stated["associated_files"][0]["description"]
    assert json.loads(files["contract.json"]) == about.contract.model_dump(mode="json")
    LiteRT(model_path=str(path)).allocate_tensors()


def test_a_picture_is_normalised_as_the_contract_says(tmp_path: Path) -> None:
    path, _, facts = described(tmp_path, "image")
    scale, offset = [0.0196, 0.0187, 0.0131], [-2.0, -2.38, -2.0]
    kind, words = stated_tensor(path)["process_units"][0]["options"]
    assert kind == "NormalizationOptions"
    pixels = np.array([[0.0, 128.0, 255.0]] * 3)
    fed = (pixels - np.array(words["mean"])[:, None]) / np.array(words["std"])[:, None]
    np.testing.assert_allclose(fed, pixels * np.c_[scale] + np.c_[offset], rtol=1e-5)
    np.testing.assert_allclose(stated_tensor(path)["stats"]["max"], fed[:, 2], rtol=1e-5)
    image = stated_tensor(path)["content"]["content_properties"][1]
    assert image == {"color_space": "UNKNOWN", "default_size": {"width": 9, "height": 12}}
    assert "BGR" in facts.description
    assert "padded with 114" in facts.description


def image_facts(**border: Any) -> TensorFacts:
    """Facts of an RGB picture in -1..1."""
    picture = {
        "color_order": "rgb",
        "normalization": {"kind": "range", "low": -1.0, "high": 1.0},
        "resize": {"method": "bilinear", "fit": {"kind": "center_crop", "fraction": 0.875}},
    }
    item = ImageInput.model_validate(INPUTS["image"] | picture)
    words = {"name": "class", "tensor": "t", "shape": (1, 12, 9, 3), "dtype": "float32", "layout": "NHWC"}
    return input_facts(item, Border(**{**words, **border}), FlavourKind.TFLITE)


def test_what_a_file_scales_itself_is_not_asked_for_again() -> None:
    inside, outside = image_facts(), image_facts(scale=(2 / 255,) * 3, offset=(-1.0,) * 3)
    assert (inside.normalisation, inside.low, inside.high) == (
        Normalisation((0.0,), (1.0,)),
        (0.0,),
        (255.0,),
    )
    assert "-0" not in repr(inside.normalisation)
    assert (outside.low, outside.high) == ((-1.0,), (1.0,))
    assert outside.normalisation == Normalisation((127.5,), (127.5,))
    assert "as they are" in inside.description
    assert "0.875 of it" in inside.description
    assert inside.dimensions == ("batch", "height", "width", "channel")
    assert image_facts(shape=(1, 3, 12, 9), layout="NCHW").dimensions[1] == "channel"


def test_integers_state_the_normalisation_of_the_float_model() -> None:
    scale = {"scale": (2 / 255,) * 3, "offset": (-1.0,) * 3}
    stored = image_facts(dtype="int8", quantization=Quantization(scale=2 / 255, zero_point=0), **scale)
    assert stored.normalisation == image_facts(**scale).normalisation
    assert "Stored as int8" in stored.description


def test_sound_says_where_its_front_end_is(tmp_path: Path) -> None:
    _, _, spectrogram = described(tmp_path, "spectrogram")
    assert "front_ends/sound/model.tflite" in spectrogram.description
    assert "200 samples" in spectrogram.description
    assert spectrogram.dimensions == ("batch", "band", "frame")
    path, _, waveform = described(tmp_path, "waveform")
    assert "inside this file" in waveform.description
    assert stated_tensor(path)["content"]["content_properties"][1] == {"sample_rate": 8000, "channels": 1}
    unit = WaveformInput.model_validate(
        INPUTS["waveform"] | {"front_end": SOUND | {"value_scale": {"kind": "int16"}}}
    )
    border = Border(name="init", tensor="t", shape=(1, 200), dtype="float32")
    integers = input_facts(unit, border, FlavourKind.TFLITE)
    assert integers.content == Sound(8000)
    assert integers.normalisation == Normalisation((0.0,), (1 / 32768,))
    parts = input_facts(unit, border, FlavourKind.COREML)
    assert parts.description == integers.description


def test_parts_of_a_bundle_say_what_they_take_and_which_input_they_make() -> None:
    contract = Contract.model_validate(
        {"inputs": [INPUTS["spectrogram"], INPUTS["location"]], "outputs": [SIGMOID]}
    )
    spectrogram, location = contract.inputs
    borders = [Border(name=name, tensor=name, shape=(1, 5), dtype="float32") for name in ("given", "made")]
    assert isinstance(spectrogram, SpectrogramInput)
    assert isinstance(location, LocationInput)
    sound, patch = front_end_facts(spectrogram, *borders)
    assert (sound.content, sound.low, sound.high) == (Sound(8000), (-1.0,), (1.0,))
    assert "input sound" in patch.description
    assert patch.low < patch.high
    place, vector = encoder_facts(location, *borders)
    assert "latitude_degrees, longitude_degrees, elevation_m" in place.description
    assert "input in, encoded as inaturalist_5" in vector.description


def test_a_raster_states_its_bands_in_their_units(tmp_path: Path) -> None:
    path, _, facts = described(tmp_path, "raster")
    words = stated_tensor(path)["process_units"][0]["options"][1]
    assert words["mean"] == [1300.5, 127.5, 0.0]
    assert words["std"] == [700.0, 127.5, 1.0]
    assert facts.low == facts.high == ()
    assert HOSTILE in facts.description
    clipped = INPUTS["raster"]["bands"][0]
    _, _, whole = described(tmp_path / "w", "raster", bands=[clipped, {**clipped, "name": "B9"}])
    assert whole.low == pytest.approx((-1300.5 / 700, -1300.5 / 700, 0.0))
    assert whole.high == pytest.approx((1699.5 / 700, 1699.5 / 700, 1.0))


def test_a_file_without_labels_keeps_the_contract(tmp_path: Path) -> None:
    path, _, _ = described(tmp_path, "tensor", with_labels=False)
    assert list(packed_files(path)) == ["contract.json"]
    assert "associated_files" not in stated_tensor(path, "output")


def test_other_tensors_are_refused_and_nothing_is_written(tmp_path: Path) -> None:
    path, about, facts = described(tmp_path, "tensor")
    before = path.read_bytes()
    with pytest.raises(ModelFileError, match="other tensors"):
        describe_tflite(path, about, [facts, facts], [], with_labels=True)
    assert path.read_bytes() == before
    assert [item.name for item in tmp_path.iterdir() if item.suffix == ".new"] == []


def scores_of(numbers: np.ndarray[Any, Any], facts: TensorFacts) -> list[float]:
    """What the schema's documentation says that a reader makes of the numbers of an output."""
    lines = files_of(facts)["scores.score_calibration.csv"].decode().split("\n")
    assert facts.calibration is not None
    found = []
    for x, line in zip(numbers, lines, strict=True):
        scale, slope, offset, *least = map(float, line.split(",")) if line else (0.0, 0.0, 0.0, math.inf)
        logit = x if facts.calibration.slope is not None else math.log(x) - math.log(1 - x)
        score = scale / (1 + math.exp(-(slope * logit + offset)))
        found.append(0.0 if least and x < least[0] else score)
    return [score if score >= (facts.threshold or 0) else 0.0 for score in found]


def test_thresholds_of_labels_drop_exactly_what_lies_below_them() -> None:
    output = Output.model_validate(SIGMOID | {"thresholds": "t.csv"})
    facts = output_facts(output, BORDER, LABELS, np.array([0.3, np.nan, 0.9], np.float32))
    assert facts.threshold == pytest.approx(0.3)
    assert scores_of(np.array([0.31, 0.51, 0.91]), facts) == pytest.approx([0.31, 0.51, 0.91])
    assert scores_of(np.array([0.29, 0.49, 0.89]), facts) == [0, 0, 0]


def test_logits_become_scores_by_their_sensitivity() -> None:
    words = {"activation": "logits", "sensitivity": {"value": 1.5, "limit": 4.0}}
    output = Output.model_validate(SIGMOID | words)
    plain = output_facts(output, BORDER, LABELS)
    assert plain.calibration == Calibration(1.5, (None,) * 3)
    numbers = np.array([0.0, 1.0, 3.0])
    assert scores_of(numbers, plain) == pytest.approx(1 / (1 + np.exp(-1.5 * numbers)))
    by_label = output_facts(output, BORDER, LABELS, np.array([0.75, 1.0, 1e-4], np.float32))
    edge = math.log(3) / 1.5
    assert by_label.calibration is not None
    assert by_label.calibration.least[0] == pytest.approx(edge)
    assert by_label.calibration.least[1:] == (math.inf, None)
    assert scores_of(np.array([edge - 0.01, 9.0, -3.0]), by_label)[:2] == [0, 0]
    assert scores_of(np.array([edge + 0.01, 9.0, -3.0]), by_label)[0] > 0.75


def test_a_softmax_outside_the_file_has_no_threshold_inside() -> None:
    logits = Output.model_validate(SIGMOID | {"activation": "logits"})
    assert output_facts(logits, BORDER, LABELS).threshold is None
    assert "softmax" in output_facts(logits, BORDER, LABELS).description
    assert output_facts(Output.model_validate(SIGMOID), BORDER, LABELS).threshold == 0.5
    by_cell = BORDER.model_copy(update={"shape": (1, 2, 2, 3)})
    thresholds = np.array([0.3, 0.4, 0.9], np.float32)
    assert output_facts(Output.model_validate(SIGMOID), by_cell, LABELS, thresholds).calibration is None


def test_a_core_ml_package_says_the_same_and_keeps_its_program(tmp_path: Path) -> None:
    made = Handmade(tmp_path)
    made.input("x", "float32", (1, 4))
    made.op("relu", "scores", "float32", (1, 4), x="x")
    made.output("scores", "float32", (1, 4))
    made.model.description.metadata.userDefined["fieldpack.labels.older"] = "gone"
    path = made.save()
    before = open_package(path).model.mlProgram
    _, about, _ = described(tmp_path / "t", "tensor")
    named = About(about.name, about.version, about.description, about.license, "The team", about.contract)
    taken = TensorFacts("x", "x", "Four traits.")
    scores = output_facts(Output.model_validate(SIGMOID), BORDER, LABELS)
    for _ in range(2):
        describe_coreml(path, named, [taken], [scores], with_labels=True)
    description = open_package(path).model.description
    stated = description.metadata
    assert (stated.author, stated.license, stated.versionString) == ("The team", "CC0-1.0", "1.0.0")
    assert stated.shortDescription == about.description
    assert dict(stated.userDefined) == {
        "fieldpack.name": "tiny",
        "fieldpack.contract_sha256": about.contract_digest,
        "fieldpack.labels.scores": "\n".join(LABELS),
        "fieldpack.threshold.scores": "0.5",
    }
    assert description.input[0].shortDescription == "Four traits."
    assert description.output[0].shortDescription == scores.description
    assert open_package(path).model.mlProgram == before
    describe_coreml(path, named, [taken], [scores], with_labels=False)
    assert "fieldpack.labels.scores" not in open_package(path).model.description.metadata.userDefined
    editor = ProgramEditor(path)
    editor.save()
    assert dict(open_package(path).model.description.metadata.userDefined) == {}
