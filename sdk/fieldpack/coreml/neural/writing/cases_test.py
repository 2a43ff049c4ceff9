"""The shared cases of the operators, said as layers and run by the interpreter of the older format."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from fieldpack.coreml.conftest import Handmade
from fieldpack.coreml.fast.cases_test import write
from fieldpack.coreml.interpreter import Interpreter
from fieldpack.coreml.neural.interpreter import NeuralInterpreter
from fieldpack.coreml.neural.writing.network_writer import ARRAY_TYPES, NetworkWriter
from fieldpack.coreml.neural.writing.ops import _op_list
from fieldpack.coreml.neural.writing.ops._op_list import OPERATORS
from fieldpack.coreml.neural.writing.translation import translate
from fieldpack.coreml.ops.cases_test import CASES, check, names
from fieldpack.coreml.package import open_package
from fieldpack.errors import UnsupportedError

BEYOND, AXES, SCALAR = "beyond the padding", "not over height and width", "no float tensor"
#: Cases that the older format or this translation does not have, each with what its error says.
REFUSED = {
    "cast-cuts": SCALAR,
    "cast-bool": SCALAR,
    "reduce_sum-all": SCALAR,
    "reduce_mean-all": SCALAR,
    "reduce_max-all": SCALAR,
    "reduce_min-all": SCALAR,
    "reduce_sum-int": SCALAR,
    "conv-1d": AXES,
    "conv-3d": AXES,
    "max_pool-1d": AXES,
    "max_pool-3d": AXES,
    "max_pool-every cell 1d": AXES,
    "max_pool-every cell 3d": AXES,
    "avg_pool-1d": AXES,
    "avg_pool-1d exclude_padding_from_average": AXES,
    "avg_pool-every cell 1d": AXES,
    "avg_pool-every cell 3d": AXES,
    "layer_norm-inner axis": "other axes than the last ones",
    "concat-interleave": "interleaves",
    "slice_by_index-masks and steps": "runs backwards",
    "slice_by_index-squeeze": "runs backwards",
    "pad-reflect": "pads with reflect",
    "pad-replicate": "pads with replicate",
    "matmul-a vector is not transposed": "multiplies a vector",
    "avg_pool-ceil": BEYOND,
    "avg_pool-ceil custom": BEYOND,
    "avg_pool-ceil beyond the padding": BEYOND,
    "avg_pool-ceil with a dropped window": BEYOND,
}
COVERED = tuple(case for case in CASES if case.op in OPERATORS and case.name not in REFUSED)


def said_as_layers(path: Path) -> bytes:
    """The program of a package as a network with the same ends."""
    package, writer = open_package(path), NetworkWriter()
    given = {
        feature.name: writer.array(feature.name, feature.shape)
        for feature in package.inputs
        if feature.dtype in (*ARRAY_TYPES, "float16")
    }
    for name, blob in translate(package, writer, given).items():
        writer.result(blob, f"{name}_result")
    return writer.content()


@pytest.mark.parametrize("case", COVERED, ids=names(COVERED))
def test_layers_follow_the_specification(case: Any, tmp_path: Path) -> None:
    feeds, path = write(case, tmp_path)
    written = tmp_path / "model.mlmodel"
    written.write_bytes(said_as_layers(path))
    check(case, tuple(NeuralInterpreter(open_package(written)).run(feeds).values()))


@pytest.mark.parametrize("case", [c for c in CASES if c.name in REFUSED], ids=lambda case: case.name)
def test_what_has_no_layers_is_refused_by_name(case: Any, tmp_path: Path) -> None:
    _, path = write(case, tmp_path)
    with pytest.raises(UnsupportedError, match=REFUSED[case.name]):
        said_as_layers(path)


def test_every_operator_is_run_but_those_that_need_no_layer() -> None:
    assert set(OPERATORS) - {case.op for case in COVERED} <= {"cast", "identity"}
    assert len(COVERED) >= 85


def test_the_list_names_every_module_of_the_folder() -> None:
    folder = Path(_op_list.__file__).parent
    assert {path.stem for path in folder.glob("[a-z]*.py")} == set(OPERATORS.values())


def test_an_operator_without_layers_is_refused_by_name(tmp_path: Path) -> None:
    case = next(case for case in CASES if case.op == "topk")
    _, path = write(case, tmp_path)
    with pytest.raises(UnsupportedError, match="some operators have no layers") as caught:
        said_as_layers(path)
    assert caught.value.came == "topk"


# -- weights --------------------------------------------------------------------------------------------


def quantised(root: Path, dtype: str, zero: int) -> Path:
    """A dense layer whose weight is stored as 8-bit integers with one scale a channel."""
    rng = np.random.default_rng(3)
    low, high = (-128, 128) if dtype == "int8" else (0, 256)
    made = Handmade(root, opset="CoreML8", specification=9)
    x = made.input("x", "float32", (1, 5))
    data = rng.integers(low, high, (3, 5)).astype(dtype)
    weight = made.op(
        "constexpr_blockwise_shift_scale",
        "w",
        "float32",
        (3, 5),
        data=made.weight("codes", dtype, (3, 5), data.tobytes()),
        scale=rng.uniform(0.01, 0.1, (3, 1)).astype(np.float32),
        offset=made.weight("zero", dtype, (3, 1), np.full(3, zero, dtype).tobytes()),
    )
    made.output(made.op("linear", "y", "float32", (1, 3), x=x, weight=weight), "float32", (1, 3))
    return made.save()


@pytest.mark.parametrize(("dtype", "zero"), [("int8", 0), ("int8", -7), ("uint8", 128)])
def test_eight_bit_weights_stay_eight_bits(dtype: str, zero: int, tmp_path: Path) -> None:
    path, written = quantised(tmp_path, dtype, zero), tmp_path / "model.mlmodel"
    written.write_bytes(said_as_layers(path))
    assert open_package(written).weight_storage == {"uint8": 15}
    feed = {"x": np.array([[1, -2, 0.5, 3, 0.25]], np.float32)}
    wanted = Interpreter(open_package(path)).run(feed)["y"]
    (got,) = NeuralInterpreter(open_package(written)).run(feed).values()
    assert np.allclose(got, wanted, rtol=1e-5, atol=1e-5)


def test_the_same_program_gives_the_same_bytes(tmp_path: Path) -> None:
    path = quantised(tmp_path, "int8", 0)
    assert said_as_layers(path) == said_as_layers(path)
