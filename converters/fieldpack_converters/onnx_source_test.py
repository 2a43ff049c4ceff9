"""ONNX sources: the contract's shapes, states without a batch axis, and an import that must not lie.

The real model is the voice detector of the sample data (README, `make demo-real`); skipped without it.
"""

from __future__ import annotations

import os
import wave
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from fieldpack.errors import ConversionError, MissingDependencyError, SourceError, SpecError
from fieldpack_converters.onnx_source import LIMIT, open_onnx
from fieldpack_converters.source import called_in_batches, open_source

ROOT = Path(os.environ.get("FIELDPACK_DATA", Path(__file__).parents[3] / "shared" / "data"))
SILERO = ROOT / "models/sound/silero_vad"
WINDOW, CONTEXT = 576, 64
STATE = (2, 1, 128)

NETWORK = """<ir_version: 8, opset_import: ["" : 17]>
net (float[batch, 4] x, float[2, batch, 3] state, int64 rate)
=> (float[batch, 4] y, float[2, batch, 3] next) {
    twice = Constant <value = int64 {16000}> ()
    same = Equal(rate, twice)
    scaled = If (same) <
        then_branch = wide () => (float[batch, 4] a) { a = Relu(x) },
        else_branch = low () => (float[batch, 4] b) { b = Neg(x) }
    >
    axes = Constant <value_ints = [0, 1, 2]> ()
    total = ReduceSum <keepdims = 0> (state, axes)
    y = Add(scaled, total)
    next = Exp(state)
}"""


@pytest.fixture
def network(tmp_path: Path) -> dict[str, Any]:
    """A network with a batch axis, a state without one, and a rate that decides."""
    import onnx
    import onnx.parser

    onnx.save(onnx.parser.parse_model(NETWORK), tmp_path / "net.onnx")
    return {
        "kind": "onnx",
        "path": str(tmp_path / "net.onnx"),
        "input_shapes": [[1, 4], [1, 2, 1, 3]],
        "constants": {"rate": 16000},
        "layout": "NHWC",
    }


def test_a_state_gets_a_batch_axis_and_a_constant_leaves_the_inputs(network: dict[str, Any]) -> None:
    opened = open_source(network)
    assert opened.framework == "onnx 17"
    assert [(fact.name, fact.shape) for fact in opened.inputs] == [
        ("x", (None, 4)),
        ("state", (None, 2, 1, 3)),
    ]
    assert [(fact.name, fact.shape) for fact in opened.outputs] == [
        ("y", (None, 4)),
        ("next", (None, 2, 1, 3)),
    ]
    generator = np.random.default_rng(2)
    x = generator.standard_normal((5, 4)).astype(np.float32)
    state = generator.standard_normal((5, 2, 1, 3)).astype(np.float32)
    y, after = called_in_batches(opened, [x, state])
    assert np.allclose(y, np.maximum(x, 0) + state.sum((1, 2, 3)).reshape(-1, 1), atol=1e-5)
    assert np.allclose(after, np.exp(state), rtol=1e-5)


def test_the_constant_decides(network: dict[str, Any]) -> None:
    other = open_source({**network, "constants": {"rate": 8000}})
    x, state = np.ones((1, 4), np.float32), np.zeros((1, 2, 1, 3), np.float32)
    assert other.call([x, state])[0].tolist() == [[-1, -1, -1, -1]]


def test_a_wrong_number_of_inputs_lists_the_models_own(network: dict[str, Any]) -> None:
    with pytest.raises(SpecError, match="number of inputs") as caught:
        open_source({**network, "constants": {}})
    assert "x [batch, 4] float32; state [2, batch, 3] float32; rate [] int64" in str(caught.value.allowed)
    assert "constants" in str(caught.value.hint)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"input_shapes": [[1, 5], [1, 2, 1, 3]]}, "input x"),
        ({"input_shapes": [[1, 4], [1, 3, 1, 3]]}, "input state"),
        ({"constants": {"rate": 16000, "speed": 1}}, "speed"),
        ({"constants": {"rate": [16000, 8000]}}, "rate"),
    ],
)
def test_shapes_and_constants_that_do_not_fit_are_named(
    network: dict[str, Any], change: dict[str, Any], message: str
) -> None:
    with pytest.raises(SpecError) as caught:
        open_source({**network, **change})
    assert message in str(caught.value)


def test_an_import_that_computes_something_else_is_refused(
    network: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    from fieldpack_converters.onnx_import import operator
    from fieldpack_converters.onnx_import.ops import exp

    def wrong(x: Tensor) -> Tensor:  # type: ignore[name-defined]  # noqa: F821
        return x.exp() * 1.001

    monkeypatch.setattr(exp, "run", wrong)
    operator._load.cache_clear()
    try:
        with pytest.raises(ConversionError, match="import of the ONNX model") as caught:
            open_source(network)
        assert f"at most {LIMIT:.3g}" in str(caught.value.allowed)
    finally:
        operator._load.cache_clear()


def test_a_missing_package_names_the_extra(network: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    import sys

    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    with pytest.raises(MissingDependencyError) as caught:
        open_source(network)
    assert "fieldpack[onnx,torch]" in str(caught.value.hint)


@pytest.mark.parametrize("content", [b"", b"nothing of the kind", b"\x08\x08\x12\x00"])
def test_a_damaged_file_is_named_with_its_size(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "broken.onnx").write_bytes(content)
    with pytest.raises(SourceError, match=rf"broken\.onnx \({len(content)} bytes\)"):
        open_onnx({"kind": "onnx", "path": str(tmp_path / "broken.onnx"), "input_shapes": [[1, 4]]})


@pytest.mark.skipif(not (SILERO / "test.wav").exists(), reason="set FIELDPACK_DATA to the sample data")
def test_a_real_voice_detector_agrees_with_onnxruntime_chunk_by_chunk() -> None:
    """The state is carried along on both sides, so that differences would add up."""
    import onnxruntime
    import torch

    path = SILERO / "silero_vad_16k_op15.onnx"
    shapes = [[1, WINDOW], [1, *STATE]]
    opened = open_source(
        {
            "kind": "onnx",
            "path": str(path),
            "input_shapes": shapes,
            "constants": {"sr": 16000},
            "layout": "NHWC",
        }
    )
    session = onnxruntime.InferenceSession(str(path))
    with wave.open(str(SILERO / "test.wav")) as sound:
        samples = np.frombuffer(sound.readframes(sound.getnframes()), np.int16).astype(np.float32) / 32768
    padded = np.concatenate([np.zeros(CONTEXT, np.float32), samples])
    theirs, ours = np.zeros(STATE, np.float32), torch.zeros(1, *STATE)
    voices, worst = 0, 0.0
    for start in range(0, 400 * (WINDOW - CONTEXT), WINDOW - CONTEXT):
        chunk = padded[np.newaxis, start : start + WINDOW]
        wanted, theirs = session.run(None, {"input": chunk, "state": theirs, "sr": np.array(16000)})
        with torch.no_grad():
            came, ours = opened.model(torch.from_numpy(chunk), ours)
        worst = max(
            worst, float(np.abs(wanted - came.numpy()).max()), float(np.abs(theirs - ours.numpy()).max())
        )
        voices += int(wanted.item() > 0.5)
    assert worst < 1e-4
    assert 100 < voices < 400
