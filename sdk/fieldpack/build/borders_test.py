from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from fieldpack.build.borders import check_labels, check_stated_borders, find_borders
from fieldpack.bundle.manifest import Border, FlavourKind, Quantization
from fieldpack.contract import Contract
from fieldpack.errors import ContractError
from fieldpack.runtime.flavour import open_flavour
from fieldpack.testing import tiny_tflite

VECTOR = {
    "kind": "tensor",
    "name": "vector",
    "shape": [4],
    "low": -1.0,
    "high": 1.0,
    "meaning": "four numbers",
}
SCORES = {"name": "scores", "activation": "softmax", "labels": "labels.txt"}


def contract(*inputs: dict[str, Any], outputs: tuple[dict[str, Any], ...] = (SCORES,)) -> Contract:
    return Contract.model_validate({"inputs": list(inputs), "outputs": list(outputs)})


@pytest.fixture
def model(tmp_path: Path) -> Path:
    path = tmp_path / "tiny.tflite"
    path.write_bytes(tiny_tflite())
    return path


def test_borders_are_read_from_the_file(model: Path) -> None:
    (border,), (output,) = find_borders(FlavourKind.TFLITE, model, contract(VECTOR), folded=False)
    assert (border.name, border.shape, border.dtype) == ("vector", (1, 4), "float32")
    assert (border.layout, border.scale, border.quantization) == (None, None, None)
    assert (output.name, output.shape) == ("scores", (1, 3))


def test_a_tensor_without_a_batch_axis_takes_one_example_at_a_time(model: Path) -> None:
    whole = contract({**VECTOR, "shape": [1, 4]})
    inputs, outputs = find_borders(FlavourKind.TFLITE, model, whole, folded=False)
    assert (inputs[0].batched, inputs[0].shape, inputs[0].item_shape) == (False, (1, 4), (1, 4))
    rows = np.random.default_rng(0).standard_normal((3, 1, 4)).astype(np.float32)
    scores = open_flavour(FlavourKind.TFLITE, model, inputs, outputs).run({"vector": rows})["scores"]
    batched = find_borders(FlavourKind.TFLITE, model, contract(VECTOR), folded=False)
    same = open_flavour(FlavourKind.TFLITE, model, *batched).run({"vector": rows[:, 0]})["scores"]
    assert batched[0][0].batched
    assert np.array_equal(scores, same)


def test_another_shape_is_refused_with_both_shapes(model: Path) -> None:
    with pytest.raises(ContractError) as caught:
        find_borders(FlavourKind.TFLITE, model, contract({**VECTOR, "shape": [5]}), folded=False)
    assert "[1, 4]" in str(caught.value)
    assert "[1, 5]" in str(caught.value)


def test_another_number_of_inputs_or_outputs_is_refused(model: Path) -> None:
    two = contract(VECTOR, {**VECTOR, "name": "other"})
    with pytest.raises(ContractError, match="number of inputs"):
        find_borders(FlavourKind.TFLITE, model, two, folded=False)
    more = contract(VECTOR, outputs=(SCORES, {**SCORES, "name": "second"}))
    with pytest.raises(ContractError, match="number of outputs"):
        find_borders(FlavourKind.TFLITE, model, more, folded=False)


@pytest.mark.parametrize("count", [2, 4])
def test_a_label_count_that_differs_is_refused(count: int) -> None:
    labels = {"scores": tuple(f"label {index}" for index in range(count))}
    with pytest.raises(ContractError, match=rf"{count} labels in labels.txt, 3 values"):
        check_labels(contract(VECTOR), labels, {"scores": (1, 3)})
    check_labels(contract(VECTOR), {"scores": ("a", "b", "c")}, {"scores": (1, 3)})


def picture(**changes: Any) -> Contract:
    image = {
        "kind": "image",
        "name": "image",
        "height": 8,
        "width": 8,
        "color_order": "rgb",
        "layout": "NHWC",
        "normalization": {"kind": "range", "low": -1.0, "high": 1.0},
        "resize": {"method": "bilinear", "fit": {"kind": "stretch"}},
    }
    return contract({**image, **changes})


BORDER = Border(
    name="image",
    tensor="x",
    shape=(1, 8, 8, 3),
    dtype="uint8",
    layout="NHWC",
    quantization=Quantization(scale=1 / 128, zero_point=128),
)


def test_what_a_tflite_source_contradicts_is_refused() -> None:
    check_stated_borders(picture(), (BORDER,))
    with pytest.raises(ContractError, match="another layout"):
        check_stated_borders(picture(layout="NCHW"), (BORDER,))
    with pytest.raises(ContractError, match="cannot hold"):
        check_stated_borders(picture(normalization={"kind": "range", "low": 0.0, "high": 255.0}), (BORDER,))
