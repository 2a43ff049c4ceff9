"""PyTorch sources through both exporters, in one process."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from fieldpack.coreml.interpreter import Interpreter
from fieldpack.coreml.package import open_package
from fieldpack.errors import ConversionError, InputError, SourceError, SpecError
from fieldpack_converters import quantize_coreml, source, testing, to_coreml, to_tflite
from fieldpack_converters.tflite_interpreter import run_tflite

pytestmark = pytest.mark.full

Call = Callable[..., Any]
SCALING = {"scale": [0.01, 0.02, 0.03], "offset": [-1.0, -2.0, -3.0]}
INT8 = {"method": "weight_int8"}


@pytest.fixture(scope="module", name="call")
def _call() -> Iterator[Call]:
    with testing.one_process() as pool:
        yield lambda function, *arguments, **named: pool.submit(function, *arguments, **named).result(300)


@pytest.fixture(scope="module", name="models")
def _models(call: Call, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    made: dict[str, str] = call(testing.make_torch, str(tmp_path_factory.mktemp("torch")))
    return made


def words(path: str, **options: Any) -> dict[str, Any]:
    return {
        "kind": "torch_export" if path.endswith("pt2") else "torch",
        "path": path,
        "factory": "fieldpack_converters.testing:torch_network",
        "layout": "NCHW",
        "input_shapes": [[1, 3, 12, 12]],
        **options,
    }


@pytest.fixture(name="pixels")
def _pixels(tmp_path: Path) -> np.ndarray[Any, Any]:
    """[5, 12, 12, 3] pixels; the scaled NCHW form lies in scaled.npy."""
    pixels = np.random.default_rng(1).integers(0, 256, (5, 12, 12, 3)).astype(np.float32)
    scale, offset = (np.asarray(SCALING[name], np.float32) for name in ("scale", "offset"))
    np.save(tmp_path / "scaled.npy", (pixels * scale + offset).transpose(0, 3, 1, 2))
    return pixels


@pytest.mark.parametrize("name", ["net.pt", "net.pt2"])
def test_tflite_takes_pixels_channel_last(
    call: Call, models: dict[str, str], pixels: np.ndarray[Any, Any], tmp_path: Path, name: str
) -> None:
    run = {"inputs": {"0": str(tmp_path / "scaled.npy")}, "outputs": str(tmp_path / "out")}
    target = str(tmp_path / "net.tflite")
    answer = call(to_tflite.export, words(models[name]), target, SCALING, run)
    assert answer["inputs_tflite"][0]["shape"] == [1, 12, 12, 3]
    assert (answer["channel_last_inputs"], answer["channel_last_outputs"]) == ([0], [])
    came = run_tflite(Path(target).read_bytes(), [pixels])[0]
    wanted = np.load(answer["run"]["outputs"][0])
    np.testing.assert_allclose(came, wanted, atol=1e-6)
    assert np.ptp(wanted, axis=0).max() > 1e-3


def test_coreml_stays_channel_first(
    call: Call, models: dict[str, str], pixels: np.ndarray[Any, Any], tmp_path: Path
) -> None:
    flavours = [
        {
            "name": name,
            "path": str(tmp_path / f"{name}.mlpackage"),
            "precision": precision,
            "weights": weights,
            "minimum_ios": "16",
            "fold_scaling": SCALING,
            "input_name": "image",
            "output_names": ["classes"],
            "float32_operators": kept,
        }
        for name, precision, weights, kept in (
            ("plain", "float32", None, []),
            ("small", "float16", INT8, ["softmax"]),
        )
    ]
    run = {"inputs": {"0": str(tmp_path / "scaled.npy")}, "outputs": str(tmp_path / "out")}
    answer = call(to_coreml.export, words(models["net.pt"]), flavours, run)
    wanted = np.load(answer["run"]["outputs"][0])
    for flavour, limit in zip(flavours, (1e-5, 0.02), strict=True):
        program = Interpreter(open_package(Path(str(flavour["path"]))))
        fed = pixels.transpose(0, 3, 1, 2)
        came = np.concatenate([program.run({"image": item[None]})["classes"] for item in fed])
        assert np.abs(came - wanted).max() < limit
    assert answer["flavours"]["small"]["constexpr_ops"] == 3
    wrong = [{**flavours[1], "float32_operators": ["no_such_operator"]}]
    with pytest.raises(SpecError, match="match no operator"):
        call(to_coreml.export, words(models["net.pt"]), wrong)


def coreml_order(path: Path, weights: dict[str, Any] | None, minimum: str, kept: list[str]) -> dict[str, Any]:
    return {
        "name": path.stem,
        "path": str(path),
        "precision": "float16",
        "weights": weights,
        "minimum_ios": minimum,
        "fold_scaling": SCALING,
        "input_name": "image",
        "output_names": ["classes"],
        "float32_operators": kept,
    }


def test_compressed_weights_are_close_to_the_source(
    call: Call, models: dict[str, str], pixels: np.ndarray[Any, Any], tmp_path: Path
) -> None:
    """Four bits a block, and palettes; nothing that fits no weight is written."""
    settings: dict[str, dict[str, Any]] = {
        "int4": {"method": "weight_int4", "block_size": 4},
        "channel4": {"method": "weight_int4"},
        "palette": {"method": "palette", "palette_bits": 4},
        "grouped": {"method": "palette", "palette_bits": 3, "group_size": 4},
    }
    orders = [
        coreml_order(tmp_path / f"{name}.mlpackage", words, "18", ["softmax"])
        for name, words in settings.items()
    ]
    run = {"inputs": {"0": str(tmp_path / "scaled.npy")}, "outputs": str(tmp_path / "out")}
    answer = call(to_coreml.export, words(models["net.pt"]), orders, run)
    wanted = np.load(answer["run"]["outputs"][0])
    for name in settings:
        package = open_package(tmp_path / f"{name}.mlpackage")
        program = Interpreter(package)
        fed = pixels.transpose(0, 3, 1, 2)
        came = np.concatenate([program.run({"image": item[None]})["classes"] for item in fed])
        assert 1e-6 < np.abs(came - wanted).max() < 0.1
        facts = answer["flavours"][name]
        assert facts["constexpr_ops"] >= 1
        assert facts["weight_bytes"] < facts["weight_bytes_before"]
        assert facts["float16_tensors"] < facts["operators"]
    idle = coreml_order(tmp_path / "no.mlpackage", {"method": "weight_int4", "block_size": 7}, "18", [])
    with pytest.raises(ConversionError, match="has no weight_int4 weights"):
        call(to_coreml.export, words(models["net.pt"]), [idle])
    some = {"method": "weight_int8", "layers": "^linear|head|fc"}
    order = coreml_order(tmp_path / "some.mlpackage", some, "16", [])
    assert call(to_coreml.export, words(models["net.pt"]), [order])["flavours"]["some"]["constexpr_ops"] == 1
    none = coreml_order(tmp_path / "none.mlpackage", {**some, "layers": "no_such_layer"}, "16", [])
    with pytest.raises(SpecError, match="match no weight"):
        call(to_coreml.export, words(models["net.pt"]), [none])


def test_activations_are_calibrated_by_our_own_runtime(
    call: Call, models: dict[str, str], pixels: np.ndarray[Any, Any], tmp_path: Path
) -> None:
    order = coreml_order(tmp_path / "float.mlpackage", None, "17", ["softmax"])
    run = {"inputs": {"0": str(tmp_path / "scaled.npy")}, "outputs": str(tmp_path / "out")}
    answer = call(to_coreml.export, words(models["net.pt"]), [order], run)
    wanted = np.load(answer["run"]["outputs"][0])
    fed = pixels.transpose(0, 3, 1, 2)
    np.save(tmp_path / "calibration.npy", fed)
    calibration = {"0": str(tmp_path / "calibration.npy")}
    errors = {}
    for kind in ("min_max", "mse"):
        target = tmp_path / f"{kind}.mlpackage"
        facts = call(quantize_coreml.quantize, order["path"], str(target), calibration, {"kind": kind})
        assert facts["quantize_ops"] >= 2
        assert facts["constexpr_ops"] == 3
        program = Interpreter(open_package(target))
        came = np.concatenate([program.run({"image": item[None]})["classes"] for item in fed])
        errors[kind] = np.abs(came - wanted).max()
    assert 1e-6 < errors["min_max"] < 0.05
    assert errors["mse"] < 0.1
    kept = coreml_order(tmp_path / "island.mlpackage", None, "17", ["conv|no_such"])
    call(to_coreml.export, words(models["net.pt"]), [kept])
    target = tmp_path / "island-int8.mlpackage"
    island = call(quantize_coreml.quantize, kept["path"], str(target), calibration)
    assert island["float32_operators"] >= 2
    assert island["quantize_ops"] < facts["quantize_ops"]
    assert island["constexpr_ops"] == 1
    with pytest.raises(InputError, match="no calibration samples"):
        call(quantize_coreml.quantize, order["path"], str(tmp_path / "x.mlpackage"), {})
    np.save(tmp_path / "calibration.npy", fed[:, :, :5])
    with pytest.raises(InputError, match="do not fit"):
        call(quantize_coreml.quantize, order["path"], str(tmp_path / "x.mlpackage"), calibration)


def test_the_prefix_of_the_keys_is_named(call: Call, models: dict[str, str]) -> None:
    with pytest.raises(SourceError, match=r"'module\.'") as caught:
        call(source.describe, words(models["prefixed.pt"]))
    assert caught.value.hint == 'add to [source]: strip_prefix = "module."'
    facts = call(source.describe, words(models["prefixed.pt"], strip_prefix="module."))
    assert facts["parameters"] == 216 + 16 + 80 + 36
    assert call(source.describe, words(models["checkpoint.pt"]))["outputs"][0]["shape"] == [None, 4]


def test_another_network_lists_what_differs(call: Call, models: dict[str, str]) -> None:
    with pytest.raises(SourceError, match="does not fit") as caught:
        call(source.describe, words(models["net.pt"], factory_arguments={"width": 16}))
    assert "0.weight (8, 3, 3, 3) instead of (16, 3, 3, 3)" in str(caught.value.came)


@pytest.mark.parametrize("name", ["bomb.pt", "module.pt"])
def test_a_pickle_with_code_is_refused_and_not_run(call: Call, models: dict[str, str], name: str) -> None:
    with pytest.raises(SourceError, match="would run code") as caught:
        call(source.describe, words(models[name]))
    assert "state_dict" in str(caught.value.hint)
    assert not (Path(models[name]).parent / "exploded").exists()


@pytest.mark.parametrize("name", ["net.pt", "net.pt2"])
@pytest.mark.parametrize("kept", [0.0, 0.5])
def test_cut_files_are_refused(
    call: Call, models: dict[str, str], tmp_path: Path, name: str, kept: float
) -> None:
    content = Path(models[name]).read_bytes()
    (tmp_path / name).write_bytes(content[: int(len(content) * kept)])
    with pytest.raises(SourceError, match="bytes"):
        call(source.describe, words(str(tmp_path / name)))


def test_shapes_are_demanded_and_tried(call: Call, models: dict[str, str]) -> None:
    with pytest.raises(SpecError, match="shape"):
        call(source.describe, words(models["net.pt"], input_shapes=None))
    with pytest.raises(SourceError, match="input_shapes"):
        call(source.describe, words(models["net.pt"], input_shapes=[[1, 5, 12, 12]]))
