"""The published body, dequantised, computes what LiteRT computes with the file it came from."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from fieldpack.contract.resampling import ChannelMix
from fieldpack.preprocess.resampler import resample
from fieldpack.preprocess.sound import open_sound
from fieldpack_reference_models.learning.dequantise import Layer, LayerKind, NamedBy, dequantised
from fieldpack_reference_models.learning.mobilenet_torch import BLOCKS
from fieldpack_reference_models.sound_torch import network
from fieldpack_reference_models.sound_torch.front_end import patch_input
from fieldpack_reference_models.sound_torch.train import MODEL

torch = pytest.importorskip("torch", reason="pip install 'fieldpack[torch]'")
ROOT = Path(os.environ.get("FIELDPACK_DATA", Path(__file__).parents[4] / "shared" / "data"))
WINDOW = 15600
# These layers' weights are stored as floats; what enters the others is rounded to int8 while it runs.
IN_FLOATS = ("Conv2d_0", "Conv2d_1_depthwise", "Conv2d_2_depthwise")
Real = NDArray[np.float32]


def _layer(name: str, kind: LayerKind) -> Layer:
    return Layer(name, kind, np.zeros((1, 1, 1, 1), np.float32), np.zeros(1, np.float32))


def test_names_of_stages_become_names_of_blocks() -> None:
    layers = [
        _layer("yamnet/AddV2_3", LayerKind.DENSE),
        _layer("yamnet/layer1/conv/Conv2D", LayerKind.CONVOLUTION),
        _layer("yamnet/layer2/depthwise_conv/depthwise", LayerKind.DEPTHWISE),
        _layer("yamnet/layer13/pointwise_conv/Conv2D", LayerKind.CONVOLUTION),
        _layer("yamnet/dense/BiasAdd", LayerKind.DENSE),
    ]
    assert list(network.published(layers)) == ["Conv2d_0", "Conv2d_1_depthwise", "Conv2d_12_pointwise"]
    assert network.place("yamnet/dense/BiasAdd") is None


@pytest.fixture(scope="module")
def published() -> Path:
    path = ROOT / MODEL.start
    if not path.is_file():
        pytest.skip(f"no {path}; set FIELDPACK_DATA to a folder that has it")
    return path


@pytest.fixture(scope="module")
def windows() -> list[Real]:
    """One window of the first recording of each class."""
    files = sorted((ROOT / "sound" / "audio").glob("*__1-*"))
    firsts = {path.name.partition("__")[0]: path for path in reversed(files)}
    if not firsts:
        pytest.skip(f"no recordings under {ROOT / 'sound'}; set FIELDPACK_DATA to a folder that has them")
    pytest.importorskip("soundfile", reason="pip install 'fieldpack[sound]'")
    spec = patch_input().front_end
    sounds = (resample(*open_sound(path, ChannelMix.MEAN), 16000, spec.resampler) for path in firsts.values())
    return [np.resize(sound, WINDOW) for sound in sounds]


def _rounded(flow: Any) -> Any:
    """What LiteRT's kernels for float activations and int8 weights make of their input: 256 even steps."""
    low, high = min(float(flow.min()), 0.0), max(float(flow.max()), 0.0)
    step = (high - low) / 255
    point = max(-128, min(127, round(-128 - low / step)))
    return ((torch.round(flow / step) + point).clamp(-128, 127) - point) * step


def _run(runner: Any, window: Real) -> dict[str, Any]:
    """What the file makes of a window, [1, channels, frames, bands]: "patch", and each layer's result."""
    runner.set_tensor(runner.get_input_details()[0]["index"], window)
    runner.invoke()
    found = {}
    for tensor in runner.get_tensor_details():
        name = tensor["name"].rpartition(";")[2]
        place = "patch" if "Reshape_7/Reshape_7" in name else network.place(name)
        if place is not None and len(tensor["shape"]) == 4 and tensor["shape"][0] == 1:
            found[place] = torch.from_numpy(np.array(runner.get_tensor(tensor["index"]))).permute(0, 3, 1, 2)
    return found


@pytest.mark.filterwarnings("ignore:.*experimental_preserve_all_tensors.*")
def test_every_layer_computes_what_the_file_computes(published: Path, windows: list[Real]) -> None:
    from ai_edge_litert.interpreter import Interpreter, OpResolverType

    module = network.body(1, BLOCKS)
    network.load_backbone(module, dequantised(published, NamedBy.RESULT))
    runner = Interpreter(
        str(published),
        num_threads=1,
        experimental_preserve_all_tensors=True,
        experimental_op_resolver_type=OpResolverType.BUILTIN_WITHOUT_DEFAULT_DELEGATES,
    )
    runner.allocate_tensors()
    errors: dict[str, list[float]] = {}
    for window in windows:
        wanted = _run(runner, window)
        flow = wanted["patch"]
        for name, part in module.features.named_children():
            with torch.no_grad():
                flow = part(_rounded(flow) if hasattr(part, "weight") and name not in IN_FLOATS else flow)
            layer = name.removesuffix("_relu")
            if layer != name:
                gap = float((flow - wanted[layer]).norm() / wanted[layer].norm())
                errors.setdefault(layer, []).append(gap)
                flow = wanted[layer]
    assert len(windows) == 10
    assert len(errors) == 27
    # A value on the edge of two steps may round the other way; that moves a layer by far less than 1 %.
    assert max(float(np.median(gaps)) for gaps in errors.values()) < 1e-5
    assert max(max(gaps) for gaps in errors.values()) < 5e-3
