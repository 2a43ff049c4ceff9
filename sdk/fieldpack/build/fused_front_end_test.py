"""Files that take the waveform, with faults planted in their front-ends: each is found and named."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from fieldpack.build.fused_front_end import (
    Node,
    add_fused_front_ends,
    front_end_of,
    fused_front_ends,
)
from fieldpack.bundle.manifest import Border, FlavourKind
from fieldpack.contract import Contract
from fieldpack.coreml.conftest import Handmade
from fieldpack.recordings.testing import POLYPHASE, tone_contract
from fieldpack.tflite.conftest import ModelWriter

N = 8
CONTRACT = Contract.model_validate(
    {
        "inputs": [
            {
                "name": "sound",
                "kind": "waveform",
                "axes": ["sample"],
                "front_end": {
                    "sample_rate_hz": 8000,
                    "resampler": POLYPHASE,
                    "channel_mix": "mean",
                    "low_rate": "refuse",
                    "min_seconds": 0.0,
                    "max_seconds": 60.0,
                    "remove_silence": "none",
                    "value_scale": {"kind": "unit"},
                    "windows": {"samples": N, "overlap": 0.0, "last": "pad", "pooling": "mean"},
                },
            }
        ],
        "outputs": [{"name": "scores", "activation": "linear", "unit": "score"}],
    }
)


def found(kind: FlavourKind, path: Path) -> Any:
    border = Border(name="sound", tensor="sound", shape=(1, N), dtype="float32")
    return fused_front_ends(CONTRACT, kind, path, (border,))["sound"]


def package(root: Path, half: str = "", *, compressed: bool = False, taken: str = "float32") -> Path:
    """Frame, power, mel, logarithm, a layer and its logarithm; `half` names what is planted in float16."""
    made, shape = Handmade(root), (1, N)
    weight = np.eye(N, dtype=np.float32)
    made.input("sound", taken, shape)

    def add(kind: str, name: str, **takes: Any) -> None:
        made.op(kind, name, "float16" if name == half else "float32", shape, **takes)

    add("mul", "framed", x="sound", y=np.ones(N, np.float32))
    add("mul", "power", x="framed", y="framed")
    filters: Any = weight
    if compressed:
        codes: dict[str, Any] = {"quantized_data": np.eye(N, dtype=np.int8), "zero_point": np.int8(0)}
        codes |= {"scale": np.float32(1), "axis": np.int32(0)}
        made.op("constexpr_affine_dequantize", "filters", "float32", (N, N), **codes)
        filters = "filters"
    add("linear", "mel", x="power", weight=filters, bias=np.zeros(N, np.float32))
    add("log", "level", x="mel", epsilon=np.float32(1e-3))
    made.op("cast", "halved", "float16", shape, x="level", dtype="=fp16")
    made.op("mul", "scaled", "float16", shape, x="halved", y=np.ones(N, np.float16))
    made.op("relu", "fired", "float16", shape, x="scaled")
    made.op("log", "scores", "float16", shape, x="fired", epsilon=np.float16(1e-3))
    made.output("scores", "float16", shape)
    return made.save()


def test_an_island_from_the_waveform_to_the_logarithm_is_whole(tmp_path: Path) -> None:
    front_end = found(FlavourKind.COREML, package(tmp_path))
    assert front_end.as_dict() == {"operators": 4, "coarse": 0, "first_coarse": None}


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("framed", "mul framed computes in float16"),
        ("mel", "linear mel computes in float16"),
        ("level", "log level computes in float16"),
    ],
)
def test_a_half_float_planted_in_the_island_is_named(name: str, said: str, tmp_path: Path) -> None:
    front_end = found(FlavourKind.COREML, package(tmp_path, name))
    assert front_end.as_dict() == {"operators": 4, "coarse": 1, "first_coarse": said}


def test_compressed_filters_and_a_half_waveform_are_named(tmp_path: Path) -> None:
    front_end = found(FlavourKind.COREML, package(tmp_path / "filters", compressed=True))
    assert front_end.as_dict()["first_coarse"] == "linear mel has compressed weights"
    front_end = found(FlavourKind.COREML, package(tmp_path / "taken", taken="float16"))
    assert front_end.as_dict()["first_coarse"] == "input sound computes in float16"


def integers(writer: ModelWriter, name: str, *, stored: bool) -> int:
    values = np.eye(N, dtype=np.int8) if stored else None
    return writer.tensor(name, (N, N) if stored else (1, N), "int8", values, scale=(0.1,), zero_point=(0,))


def plain(writer: ModelWriter) -> int:
    return writer.tensor("filters", (N, N), values=np.eye(N, dtype=np.float32))


def halves(writer: ModelWriter) -> int:
    """Filters stored in half floats and widened at load, which front-ends may have."""
    stored = writer.tensor("halves", (N, N), "float16", np.eye(N, dtype=np.float16))
    widened = writer.tensor("widened", (N, N))
    writer.operator("DEQUANTIZE", (stored,), (widened,))
    return widened


def widened_integers(writer: ModelWriter) -> int:
    widened = writer.tensor("widened", (N, N))
    writer.operator("DEQUANTIZE", (integers(writer, "bytes", stored=True),), (widened,))
    return widened


def stored_integers(writer: ModelWriter) -> int:
    return integers(writer, "filters", stored=True)


def tflite(root: Path, filters: Callable[[ModelWriter], int], *, through_bytes: bool = False) -> Path:
    """Power, mel, logarithm, a layer with a fused ReLU, and a root behind it that is no front-end's."""
    writer = ModelWriter()
    sound = writer.tensor("sound", (1, N))
    power, mel, level, codes, fired, scores = (
        writer.tensor(name, (1, N)) for name in ("power", "mel", "level", "codes", "fired", "scores")
    )
    writer.operator("MUL", (sound, sound), (power,), options="MulOptions")
    if through_bytes:
        coarse, again = integers(writer, "coarse", stored=False), writer.tensor("again", (1, N))
        writer.operator("QUANTIZE", (power,), (coarse,))
        writer.operator("DEQUANTIZE", (coarse,), (again,))
        power = again
    dense = "FullyConnectedOptions"
    writer.operator("FULLY_CONNECTED", (power, filters(writer), -1), (mel,), options=dense)
    writer.operator("LOG", (mel,), (level,))
    writer.operator("RESHAPE", (level,), (codes,))
    kernel = integers(writer, "kernel", stored=True)
    writer.operator(
        "FULLY_CONNECTED", (codes, kernel, -1), (fired,), options=dense, fusedActivationFunction=1
    )
    writer.operator("LOG", (fired,), (scores,))
    writer.ends((sound,), (scores,))
    path = root / "model.tflite"
    path.write_bytes(writer.pack())
    return path


@pytest.mark.parametrize("filters", [plain, halves])
def test_a_front_end_before_a_layer_of_integers_is_whole(filters: Any, tmp_path: Path) -> None:
    front_end = found(FlavourKind.TFLITE, tflite(tmp_path, filters))
    assert front_end.as_dict() == {"operators": 3, "coarse": 0, "first_coarse": None}


@pytest.mark.parametrize("filters", [stored_integers, widened_integers])
def test_integers_planted_in_the_filters_are_named(filters: Any, tmp_path: Path) -> None:
    front_end = found(FlavourKind.TFLITE, tflite(tmp_path, filters))
    assert (front_end.operators, len(front_end.coarse)) == (3, 1)
    said = front_end.as_dict()["first_coarse"]
    assert said.startswith("fully_connected mel (operator ")
    assert said.endswith("has weights stored as integers")


def test_levels_that_pass_through_bytes_are_named(tmp_path: Path) -> None:
    front_end = found(FlavourKind.TFLITE, tflite(tmp_path, plain, through_bytes=True))
    assert (front_end.operators, len(front_end.coarse)) == (5, 2)
    assert front_end.as_dict()["first_coarse"] == "quantize coarse (operator 1) computes in int8"


def chain(*operators: str) -> list[Node]:
    """Operators one behind the other, t0 to t1 to t2; a capital one is coarse."""
    nodes = []
    for number, word in enumerate(operators):
        operator, ends = word.lower(), ((f"t{number}",), (f"t{number + 1}",))
        nodes.append(Node(f"n{number}", operator, operator == "relu", *ends, "!" if word.isupper() else ""))
    return nodes


def test_the_border_is_the_last_compression_before_an_activation() -> None:
    assert front_end_of(chain("mul", "sqrt", "matmul", "log", "MUL", "relu", "log"), "t0").operators == 4
    assert front_end_of(chain("matmul", "pow", "MUL", "relu"), "t0").operators == 2
    assert front_end_of(chain("matmul", "sqrt", "MUL", "relu", "sqrt"), "t0").operators == 2
    assert front_end_of(chain("log", "mul", "rsqrt", "relu"), "t0").operators == 1
    assert front_end_of(chain("CONV", "relu", "CONV", "log"), "t0").operators == 0


def test_what_hangs_on_an_activation_on_one_side_is_the_network() -> None:
    """A SiLU taken apart: the product takes the sigmoid, so the logarithm behind it is no front-end's."""
    nodes = [
        Node("c", "conv", False, ("sound",), ("c",), "!"),
        Node("s", "sigmoid", True, ("c",), ("s",), "!"),
        Node("m", "mul", False, ("c", "s"), ("m",), "!"),
        Node("l", "log", False, ("m",), ("l",), "!"),
    ]
    assert front_end_of(nodes, "sound").operators == 0


def test_a_build_says_it_and_keeps_it_in_the_evidence(tmp_path: Path) -> None:
    border = Border(name="sound", tensor="sound", shape=(1, N), dtype="float32")
    paths = {
        "coreml-fp16": (FlavourKind.COREML, package(tmp_path, "power")),
        "tflite-int8": (FlavourKind.TFLITE, tflite(tmp_path, stored_integers)),
    }
    made: Any = [
        SimpleNamespace(name=name, kind=kind, path=path, inputs=(border,))
        for name, (kind, path) in paths.items()
    ]
    evidence: dict[str, Any] = {"flavours": {name: {} for name in paths}}
    core_ml, lite = add_fused_front_ends(CONTRACT, made, evidence)
    assert core_ml.startswith("flavour coreml-fp16: 1 of 4 operators of the front-end behind sound are not")
    assert "the first is mul power, which computes in float16" in core_ml
    assert core_ml.endswith('float32_layers = "NAMES"')
    assert "flavour tflite-int8: 1 of 3 operators" in lite
    assert lite.endswith('{ method = "float32", layers = "NAMES" }')
    assert evidence["flavours"]["coreml-fp16"]["front_end"]["sound"]["coarse"] == 1


def test_models_that_take_no_waveform_are_not_looked_into() -> None:
    evidence: dict[str, Any] = {"flavours": {"tflite-float32": {}}}
    made: Any = SimpleNamespace(
        name="tflite-float32", kind=FlavourKind.TFLITE, path=Path("nowhere"), inputs=(None,)
    )
    assert add_fused_front_ends(tone_contract(), [made], evidence) == []
    assert evidence == {"flavours": {"tflite-float32": {}}}
