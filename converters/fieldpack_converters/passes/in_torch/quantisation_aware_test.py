"""Training under 8-bit rounding: its integers are those of the TFLite file, and so are its answers."""

from __future__ import annotations

import copy
import hashlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from fieldpack.errors import SpecError, UnsupportedError
from fieldpack.passes import FineTune, QuantisationAware, Training
from fieldpack_converters.opened_source import OpenedSource
from fieldpack_converters.passes import fine_tune, quantisation_aware
from fieldpack_converters.passes.in_torch.fake_quantisation import WatchedRange
from fieldpack_converters.passes.in_torch.quantised_forward import QuantisedForward
from fieldpack_converters.passes.in_torch.quantised_layers import QuantisedLayer
from fieldpack_converters.passes.in_torch.training_passes_test import TRAINING, network
from fieldpack_converters.passes.testing import CLASSES, accuracy, make_subject, task, torch_opened
from fieldpack_converters.quantize_tflite import quantize
from fieldpack_converters.testing import one_process
from fieldpack_converters.tflite_graph import TFLiteGraph
from fieldpack_converters.tflite_interpreter import run_tflite
from fieldpack_converters.to_tflite import export

pytestmark = pytest.mark.full

LAYERS = ["depthwise", "head", "one", "side", "squeeze", "stem"]
FACTORY = "fieldpack_converters.passes.in_torch.training_passes_test:network"


def aware(epochs: int, rate: float, layers: str = ".*") -> QuantisationAware:
    training = Training(epochs=epochs, batch=32, learning_rate=rate)
    return QuantisationAware(method="quantisation_aware", layers=layers, training=training)


def facts(folder: str) -> dict[str, Any]:
    """Figures of a training from scratch and of its int8 file; runs in a process of its own."""
    import torch

    opened = torch_opened(network())
    applied = quantisation_aware.apply(make_subject(opened, opened, Path(folder)), aware(6, 5e-3))
    ranges = applied.facts["activation_ranges"]
    state, plain, small, given = (
        str(Path(folder) / name) for name in ("n.pt", "n.tflite", "n8.tflite", "x.npy")
    )
    torch.save(opened.model.state_dict(), state)
    words = {"kind": "torch", "path": state, "factory": FACTORY, "layout": "NCHW"}
    export({**words, "input_shapes": [[1, 3, 12, 12]]}, plain)
    inputs = task("NCHW", seed=1)[0][:64]
    last = np.ascontiguousarray(inputs.transpose(0, 2, 3, 1))
    np.save(given, task("NHWC")[0][:64])  # the calibration examples of the subject
    forward = QuantisedForward(opened, ".*")
    forward.restore(ranges)
    wanted = forward([inputs])[0].detach().numpy()
    prints = applied.facts["fingerprints"]
    given_ranges = [{"ends": ranges[name], "fingerprint": prints[name]} for name in ranges]
    found: dict[str, Any] = {"losses": applied.facts["loss"], "integers": applied.facts["integers"]}
    for name, choice in (("calibrated", None), ("trained", given_ranges)):
        answer = quantize(plain, small, "static_int8", {"0": given}, trained=choice, keep_names=True)
        came = run_tflite(Path(small).read_bytes(), [last])[0]
        found[name] = [
            float(np.abs(wanted - came).max()),
            float(np.abs(wanted - came).mean()),
            float(np.abs(opened.call([inputs])[0] - came).mean()),
        ]
    return found | {
        "in_file": _integers(TFLiteGraph.read(small)),
        "accuracy": accuracy(opened),
        "taken": answer["trained_ranges"],
        "ranges": list(ranges),
    }


def _integers(graph: TFLiteGraph) -> dict[str, str]:
    """Digests of the int8 constants of a file, by the layer that their name ends with."""
    found = {}
    for tensor in range(len(graph.main.tensors)):
        if graph.is_constant(tensor) and graph.dtype(tensor) == "int8":
            values = np.ascontiguousarray(graph.constant(tensor)).tobytes()
            layer = next(name for name in LAYERS if f"_{name};" in graph.name(tensor))
            found[layer] = hashlib.sha256(values).hexdigest()[:16]
    return found


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    with one_process() as pool:
        return pool.submit(facts, str(tmp_path_factory.mktemp("aware"))).result()


@pytest.fixture
def opened() -> OpenedSource:
    return torch_opened(network())


def test_the_int8_file_has_the_integers_of_the_training(trained: dict[str, Any]) -> None:
    assert sorted(trained["integers"]) == LAYERS
    assert trained["in_file"] == trained["integers"]
    assert trained["losses"][-1] < 0.5 * trained["losses"][0]
    assert trained["accuracy"] > 0.95


def test_the_int8_file_answers_as_the_training_did(trained: dict[str, Any]) -> None:
    largest, mean, from_float = trained["trained"]
    assert largest < 0.01
    assert mean < 0.6 * from_float
    assert trained["taken"] == len(trained["ranges"]) + 1  # a transposition holds what its input holds


def test_every_stored_tensor_has_a_range(trained: dict[str, Any]) -> None:
    assert trained["ranges"] == [
        "x", "relu", "relu_1", "add", "relu_2", "mean", "squeeze", "mul", "relu_3", "cat", "mean_1", "head",
    ]  # fmt: skip


def test_training_takes_back_what_rounding_costs(tmp_path: Path) -> None:
    opened = torch_opened(network())
    fine_tune.apply(
        make_subject(opened, opened, tmp_path),
        FineTune(method="fine_tune", layers=".*", training=TRAINING),
    )
    _stretch(opened.model, 400.0)
    exact, before = accuracy(opened), _rounded_accuracy(opened)
    applied = quantisation_aware.apply(make_subject(opened, opened, tmp_path), aware(6, 2e-4))
    assert exact > 0.95
    assert before < 0.85
    assert _rounded_accuracy(opened, applied.facts["activation_ranges"]) > 0.95


def _stretch(module: Any, factor: float) -> None:
    """Make one channel of the residual sum larger; what reads it takes it back, the function stays."""
    import torch

    with torch.no_grad():
        for part in (module.norm.weight, module.norm.bias, module.one.weight, module.one.bias):
            part[0] *= factor
        module.one.weight[:, 0] /= factor
        module.depthwise.weight[0] /= factor


def _rounded_accuracy(opened: OpenedSource, ranges: dict[str, list[float]] | None = None) -> float:
    inputs, labels = task("NCHW", seed=1)
    forward = QuantisedForward(opened, ".*")
    if ranges is None:
        forward([task("NCHW")[0]])
    forward.restore(ranges or forward.ranges())
    return float((forward([inputs])[0].detach().numpy().argmax(axis=1) == labels).mean())


def test_a_range_follows_the_batches_until_it_is_fixed() -> None:
    import torch

    watched = WatchedRange()
    watched(torch.tensor([-1.0, 1.0]), fixed=False)
    watched(torch.tensor([-3.0, 2.0]), fixed=False)
    clipped = watched(torch.tensor([-9.0, 0.0, 9.0]), fixed=True).tolist()
    low, high = watched.ends()
    assert [low, high] == pytest.approx([-1.1, 1.05])  # 0.95 of the first batch, 0.05 of the second
    assert clipped == pytest.approx([low, 0, high], abs=(high - low) / 255)
    assert clipped[1] == 0


def test_a_norm_is_folded_with_its_epsilon(opened: OpenedSource) -> None:
    import torch

    stem, norm = opened.model.stem, opened.model.norm
    with torch.no_grad():
        norm.running_var.fill_(norm.eps)
        norm.running_mean.uniform_(-1, 1)
        norm.weight.uniform_(0.5, 2)
        inputs = torch.from_numpy(task("NCHW", seed=2)[0][:16])
        wanted = norm(stem(inputs))
        came = QuantisedLayer(stem, norm).linear(inputs)
    assert float((came - wanted).abs().max() / wanted.abs().max()) < 0.02


def test_a_norm_behind_a_dense_layer_is_folded_too(opened: OpenedSource) -> None:
    import torch
    from torch import nn

    module = nn.Sequential(nn.Linear(8, 6), nn.BatchNorm1d(6), nn.ReLU(), nn.Linear(6, CLASSES)).eval()
    with torch.no_grad():
        module[1].running_mean.uniform_(-1, 1)
        module[1].running_var.uniform_(0.5, 2)
        values = torch.randn(32, 8)
        forward = QuantisedForward(torch_opened(module), ".*")
        came = forward([values.numpy()])[0]
        assert float((came - module(values)).abs().max()) < 0.03
        with pytest.raises(UnsupportedError, match="dense layer of sequences"):
            forward([np.zeros((2, 6, 8), np.float32)])
    assert list(forward.ranges()) == ["input_1", "2", "3"]


def test_gradients_reach_weights_through_the_rounding(opened: OpenedSource) -> None:
    forward = QuantisedForward(opened, ".*")
    forward([task("NCHW")[0][:8]])[0][:, 0].sum().backward()
    for name in LAYERS:
        assert opened.model.get_submodule(name).weight.grad.abs().max() > 0


def test_what_is_not_covered_is_refused_by_name(tmp_path: Path) -> None:
    import torch
    from torch import nn

    class Branch(nn.Module):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__()
            self.head = nn.Linear(4, 4)

        def forward(self, x: Any) -> Any:
            return self.head(x) if x.sum() > 0 else x

    class Loose(Branch):
        def forward(self, x: Any) -> Any:
            return torch.nn.functional.linear(x, self.head.weight)

    grouped = nn.Sequential(nn.Conv2d(4, 4, 3, groups=2), nn.Flatten(), nn.Linear(400, CLASSES))
    for module, words in (
        (Branch(), "cannot follow"),
        (Loose(), "head.weight"),
        (grouped, "weights of 0"),
    ):
        one = torch_opened(module)
        with pytest.raises(UnsupportedError, match=words):
            quantisation_aware.apply(make_subject(one, one, tmp_path), aware(1, 1e-3))
    left = QuantisedForward(torch_opened(copy.deepcopy(grouped)), "^2$")
    assert list(left.layers) == ["2"]


def test_a_pattern_that_matches_no_weights_is_refused(opened: OpenedSource, tmp_path: Path) -> None:
    with pytest.raises(SpecError, match="norm") as caught:
        quantisation_aware.apply(make_subject(opened, opened, tmp_path), aware(1, 1e-3, "norm"))
    assert "stem" in str(caught.value)
