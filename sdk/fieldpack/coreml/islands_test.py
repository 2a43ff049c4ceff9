"""Islands of float32: how far they reach, and that they mend what the report found."""

from __future__ import annotations

import logging
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from fieldpack.coreml.conftest import Handmade
from fieldpack.coreml.interpreter import Interpreter, Precision
from fieldpack.coreml.islands import original_name, pattern
from fieldpack.coreml.package import open_package
from fieldpack.coreml.precision_report import report_precision

OCTAVES = 8


@pytest.mark.parametrize(
    ("name", "original"),
    [("sin_0_cast_fp16", "sin_0"), ("y_fp16", "y"), ("x_cast_fp16_1", "x"), ("x_to_fp16ish", "x_to_fp16ish")],
)
def test_names_lose_what_the_converter_appended(name: str, original: str) -> None:
    assert original_name(name) == original


def test_a_pattern_finds_the_name_before_it_was_saved() -> None:
    assert re.search(f"^{pattern('model_dense_3')}$", "model/dense.3")
    assert not re.search(f"^{pattern('dense_3')}$", "dense_31")
    assert re.search(f"^{pattern('var_10')}$", "10")
    assert re.search(f"^{pattern('var_10')}$", "var_10")
    assert not re.search(f"^{pattern('var_10')}$", "101")


def test_an_island_reaches_up_to_what_computed_the_argument(handmade: Any) -> None:
    """Over the reshape and the multiplication to the linear layer, and not to what feeds that."""
    half = np.float16
    handmade.input("x", "float32", (1, 2))
    handmade.op("cast", "h", "float16", (1, 2), x="x", dtype="=fp16")
    handmade.op("tanh", "soft", "float16", (1, 2), x="h")
    handmade.op(
        "linear", "mix", "float16", (1, 2), x="soft", weight=np.eye(2, dtype=half), bias=np.zeros(2, half)
    )
    handmade.op("mul", "angle", "float16", (1, 2), x="mix", y=np.array([900], half))
    handmade.op("reshape", "flat", "float16", (2,), x="angle", shape=np.array([2], np.int32))
    handmade.op("cos", "wave", "float16", (2,), x="flat")
    handmade.op("relu", "after", "float16", (2,), x="wave")
    handmade.output("after", "float16", (2,))
    report = report_precision(open_package(handmade.save()), [{"x": np.array([[0.3, -0.7]], np.float32)}])
    assert report.islands == "^(mix|angle|flat|wave)$"


def test_nothing_is_offered_where_nothing_is_at_risk(tmp_path: Path) -> None:
    made = Handmade(tmp_path)
    made.input("x", "float16", (2,))
    made.op("relu", "y", "float16", (2,), x="x")
    made.output("y", "float16", (2,))
    report = report_precision(open_package(made.save()), [{"x": np.array([1, -1], np.float16)}])
    assert report.islands is None
    assert report.at_risk == ()


def location_network() -> Any:
    """A location network: sine and cosine of eight octaves, two linear layers."""
    import torch
    from torch import nn

    class Place(nn.Module):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__()
            self.register_buffer("octaves", 2.0 ** torch.arange(OCTAVES) * torch.pi)
            self.layers = nn.Sequential(
                nn.Linear(4 * OCTAVES, 64), nn.LayerNorm(64), nn.GELU(), nn.Linear(64, 9)
            )

        def forward(self, x: Any) -> Any:
            angles = (x.unsqueeze(-1) * self.octaves).flatten(1)
            return self.layers(torch.cat([torch.sin(angles), torch.cos(angles)], 1))

    torch.manual_seed(0)
    return Place().eval()


@pytest.mark.full
def test_the_island_mends_the_location_network(tmp_path: Path) -> None:
    """Converted in half floats, reported, converted again with the expression: the error falls."""
    ct = pytest.importorskip("coremltools", reason='pip install "fieldpack[coreml-convert]"')
    import torch

    logging.getLogger("coremltools").setLevel(logging.ERROR)
    net = location_network()
    traced = torch.jit.trace(net, torch.zeros(1, 2))
    places = np.random.default_rng(1).uniform(-1, 1, (16, 1, 2)).astype(np.float32)
    with torch.no_grad():
        expected = np.stack([net(torch.from_numpy(place)).numpy() for place in places])

    def converted(name: str, kept: str | None) -> Path:
        halved = ct.transform.FP16ComputePrecision(
            op_selector=lambda op: kept is None or not re.search(kept, op.name)
        )
        model = ct.convert(
            traced,
            inputs=[ct.TensorType(name="place", shape=(1, 2), dtype=np.float32)],
            outputs=[ct.TensorType(name="scores", dtype=np.float32)],
            compute_precision=halved,
            minimum_deployment_target=ct.target.iOS16,
            skip_model_load=True,
        )
        model.save(str(tmp_path / name))
        return tmp_path / name

    def error(path: Path) -> float:
        engine = Interpreter(open_package(path), Precision.FP16)
        found = np.stack([engine.run({"place": place})["scores"] for place in places])
        return float(np.abs(found - expected).max() / np.abs(expected).max())

    plain = converted("plain.mlpackage", None)
    report = report_precision(open_package(plain), [{"place": place} for place in places])
    assert {row.operator for row in report.at_risk} == {"sin", "cos"}
    assert report.islands is not None
    mended = converted("mended.mlpackage", report.islands)
    again = report_precision(open_package(mended), [{"place": place} for place in places])
    assert again.at_risk == ()
    assert any(row.dtype == "float16" for row in again.operations)
    assert error(plain) > 0.02
    assert error(mended) < error(plain) / 20
