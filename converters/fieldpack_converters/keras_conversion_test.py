"""Keras and SavedModel sources through both exporters, in one process that imports TensorFlow once."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from fieldpack.coreml.interpreter import Interpreter
from fieldpack.coreml.package import open_package
from fieldpack.errors import SourceError, UnsupportedError
from fieldpack_converters import source, testing, to_coreml, to_tflite
from fieldpack_converters.tflite_interpreter import run_tflite

pytestmark = pytest.mark.full

Call = Callable[..., Any]
SCALING = {"scale": [1 / 127.5], "offset": [-1.0]}
INT8 = {"method": "weight_int8"}


@pytest.fixture(scope="module", name="call")
def _call() -> Iterator[Call]:
    with testing.one_process() as pool:
        yield lambda function, *arguments, **named: pool.submit(function, *arguments, **named).result(300)


@pytest.fixture(scope="module", name="models")
def _models(call: Call, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    made: dict[str, str] = call(testing.make_keras, str(tmp_path_factory.mktemp("keras")))
    return made


@pytest.fixture(name="pixels")
def _pixels(tmp_path: Path) -> np.ndarray[Any, Any]:
    pixels = np.random.default_rng(1).integers(0, 256, (5, 12, 12, 3)).astype(np.float32)
    np.save(tmp_path / "scaled.npy", pixels / np.float32(127.5) - np.float32(1.0))
    return pixels


def test_describe(call: Call, models: dict[str, str]) -> None:
    facts = call(source.describe, {"kind": "keras", "path": models["net.keras"]})
    assert facts["framework"].startswith("keras 3")
    assert facts["inputs"] == [{"name": "picture", "shape": [None, 12, 12, 3], "dtype": "float32"}]
    assert facts["outputs"] == [{"name": "scores", "shape": [None, 4], "dtype": "float32"}]
    assert facts["parameters"] == 216 + 32 + 80 + 36
    assert len(facts["digest"]) == 64


def test_tflite_with_folded_scaling_is_the_source(
    call: Call, models: dict[str, str], pixels: np.ndarray[Any, Any], tmp_path: Path
) -> None:
    target = str(tmp_path / "net.tflite")
    run = {"inputs": {"picture": str(tmp_path / "scaled.npy")}, "outputs": str(tmp_path), "batch": 2}
    answer = call(to_tflite.export, {"kind": "keras", "path": models["net.keras"]}, target, SCALING, run)
    assert answer["difference"] < 1e-5
    assert answer["run"]["names"] == ["scores"]
    assert answer["inputs_tflite"][0]["shape"] == [1, 12, 12, 3]
    came = run_tflite(Path(target).read_bytes(), [pixels])[0]
    np.testing.assert_allclose(came, np.load(answer["run"]["outputs"][0]), atol=1e-6)
    assert b"fieldpack_scaling" in Path(target).read_bytes()


@pytest.mark.parametrize(("kind", "name"), [("keras", "net.h5"), ("saved_model", "saved")])
def test_other_files_of_the_same_network_agree(
    call: Call, models: dict[str, str], pixels: np.ndarray[Any, Any], tmp_path: Path, kind: str, name: str
) -> None:
    scaled = np.load(tmp_path / "scaled.npy")
    first = {"kind": "keras", "path": models["net.keras"]}
    wanted = call(source.run, first, {"0": str(tmp_path / "scaled.npy")}, str(tmp_path))["outputs"][0]
    target = str(tmp_path / "net.tflite")
    call(to_tflite.export, {"kind": kind, "path": models[name]}, target)
    np.testing.assert_allclose(run_tflite(Path(target).read_bytes(), [scaled])[0], np.load(wanted), atol=1e-6)


def test_inputs_and_outputs_keep_the_source_order(call: Call, models: dict[str, str], tmp_path: Path) -> None:
    generator = np.random.default_rng(2)
    arrays = [generator.random((3, 12, 12, 3), np.float32), generator.random((3, 2), np.float32)]
    for index, array in enumerate(arrays):
        np.save(tmp_path / f"in{index}.npy", array)
    run = {"inputs": {str(i): str(tmp_path / f"in{i}.npy") for i in (0, 1)}, "outputs": str(tmp_path / "out")}
    target = str(tmp_path / "two.tflite")
    answer = call(to_tflite.export, {"kind": "keras", "path": models["two.keras"]}, target, None, run)
    assert answer["run"]["names"] == ["z_first", "a_second"]
    for came, wanted in zip(
        run_tflite(Path(target).read_bytes(), arrays), answer["run"]["outputs"], strict=True
    ):
        np.testing.assert_allclose(came, np.load(wanted), atol=1e-5)


def test_an_unknown_layer_names_the_class_and_the_option(call: Call, models: dict[str, str]) -> None:
    with pytest.raises(SourceError, match="Halving") as caught:
        call(source.describe, {"kind": "keras", "path": models["own.keras"]})
    assert 'custom_objects = { Halving = "my_module:Halving" }' in str(caught.value.hint)


def test_coreml_flavours_are_the_source(
    call: Call, models: dict[str, str], pixels: np.ndarray[Any, Any], tmp_path: Path
) -> None:
    flavours: list[dict[str, Any]] = [
        {
            "name": name,
            "path": str(tmp_path / f"{name}.mlpackage"),
            "precision": precision,
            "weights": weights,
            "minimum_ios": minimum,
            "fold_scaling": SCALING,
            "input_name": "image",
            "output_names": ["classes"],
        }
        for name, precision, weights, minimum in (
            ("plain", "float32", None, "15"),
            ("small", "float16", INT8, "16"),
            ("eighteen", "float16", INT8, "18"),
        )
    ]
    run = {"inputs": {"0": str(tmp_path / "scaled.npy")}, "outputs": str(tmp_path / "out")}
    answer = call(to_coreml.export, {"kind": "keras", "path": models["net.keras"]}, flavours, run)
    wanted = np.load(answer["run"]["outputs"][0])
    for flavour, limit in zip(flavours, (1e-5, 0.02, 0.02), strict=True):
        program = Interpreter(open_package(Path(str(flavour["path"]))))
        came = np.concatenate([program.run({"image": item[None]})["classes"] for item in pixels])
        assert np.abs(came - wanted).max() < limit
    counts = answer["flavours"]
    assert [counts[item["name"]]["constexpr_ops"] for item in flavours] == [0, 3, 3]
    assert counts["small"]["weight_bytes"] < counts["small"]["weight_bytes_before"]
    assert (counts["plain"]["float16_tensors"], counts["small"]["float16_tensors"] > 0) == (0, True)


def test_a_saved_model_has_no_road_to_coreml(call: Call, models: dict[str, str]) -> None:
    with pytest.raises(UnsupportedError, match="SavedModel"):
        call(to_coreml.export, {"kind": "saved_model", "path": models["saved"]}, [])


def test_a_legacy_model_in_a_process_of_its_own(tmp_path: Path, pixels: np.ndarray[Any, Any]) -> None:
    with testing.one_process() as pool:
        path = pool.submit(testing.make_keras_legacy, str(tmp_path)).result(300)["legacy.h5"]
        model = {"kind": "keras_legacy", "path": path}
        run = {"inputs": {"0": str(tmp_path / "scaled.npy")}, "outputs": str(tmp_path / "out")}
        target = str(tmp_path / "legacy.tflite")
        answer: dict[str, Any] = pool.submit(to_tflite.export, model, target, SCALING, run).result(300)
    assert answer["framework"].startswith("tf_keras 2")
    came = run_tflite(Path(target).read_bytes(), [pixels])[0]
    np.testing.assert_allclose(came, np.load(answer["run"]["outputs"][0]), atol=1e-6)
