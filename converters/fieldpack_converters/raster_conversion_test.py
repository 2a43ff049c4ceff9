"""A PyTorch raster model from spec to bundle: channels first, coarser answers, a mask, mean and spread."""

from __future__ import annotations

import importlib
import json
from pathlib import Path

import numpy as np
import pytest

from fieldpack.build.pipeline import build
from fieldpack.verdict import Outcome
from fieldpack.verification import verify

NETWORK = """
import zlib
import numpy as np
import torch


class Net(torch.nn.Module):
    def __init__(self):
        super().__init__()
        relu = torch.nn.ReLU()
        first, second = (torch.nn.Conv2d(n, 8, 3, padding=1, stride=s) for n, s in ((3, 1), (8, 2)))
        self.body = torch.nn.Sequential(first, relu, second, relu)
        self.mean, self.spread = torch.nn.Conv2d(8, 1, 1), torch.nn.Conv2d(8, 1, 1)

    def forward(self, x):
        found = self.body(x)
        return self.mean(found), self.spread(found)


def made():
    return Net()


def dataset(split, count):
    dice = np.random.default_rng(zlib.crc32(split.encode()))
    for number in range(count):
        bands = dice.uniform(0, 255, (2, 16, 32)).astype("f4")
        bands[:, :2, :2] = np.nan
        truth = dice.normal(3, 1, (8, 16)).astype("f4")
        truth[0, 0] = np.nan
        yield f"{split}-{number}", bands, {"mass": truth}, {"site": str(number // 2)}
"""
SPEC = """
schema = 1
pack = { name = "t", version = "1.0.0", description = "t", license = "MIT", seed = 0 }
source = { kind = "torch", path = "net.pt", factory = "raster_net:made", python_path = ["."] }

[[contract.inputs]]
kind = "raster"
name = "tile"
height = 16
width = 32
sensor = "made up"
bands = [
  { name = "a", clip = "none", scaling = { kind = "range", low = 0, high = 255, to_low = -1, to_high = 1 } },
  { name = "b", clip = [0, 200], scaling = { kind = "mean_std", mean = 100, std = 50 } },
]
band_tags = "ignored"
no_data = "none"
fill = 0
mask_channel = "valid_is_1"
layout = "NCHW"
resolution = 1
resolution_unit = "metre"
resolution_tolerance = 0.01
tiling = { overlap = 8, alignment = 1, blend = "hann", margin = 2, beyond = "mirror" }

[[contract.outputs]]
name = "mass"
activation = "linear"
unit = "t"
estimate = { kind = "mean", quantity = "mass" }

[[contract.outputs]]
name = "log_variance"
activation = "linear"
unit = "ln t2"
estimate = { kind = "spread", quantity = "mass", form = "log_variance" }

[[contract.intervals]]
name = "range"
quantity = "mass"
coverage = 0.9
ends = { kind = "mean_spread", mean = "mass", spread = "log_variance" }
refit = "conformal"

[data]
golden = 2
evaluation = { kind = "provider", provider = "raster_net:dataset", split = "test", count = 12 }
calibration = { kind = "provider", provider = "raster_net:dataset", split = "calibration", count = 12 }

[[flavours]]
kind = "tflite"
name = "int8"
method = "static_int8"
ranges = { kind = "min_max" }
io = "float32"
fold_scaling = false

[[flavours]]
kind = "coreml"
name = "half"
precision = "float16"
method = "float"
minimum_ios = "16"
fold_scaling = false

[budget.every]
rmse_rise = 0.01
coverage_gap = 0.05
"""


@pytest.mark.full
def test_channels_first_becomes_both_flavours(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    torch = pytest.importorskip("torch", reason="make venv")
    for name in ("litert_torch", "coremltools"):
        pytest.importorskip(name, reason="pip install 'fieldpack[torch,coreml-convert]'")
    (tmp_path / "raster_net.py").write_text(NETWORK)
    (tmp_path / "pack.toml").write_text(SPEC)
    monkeypatch.syspath_prepend(str(tmp_path))
    raster_net = importlib.import_module("raster_net")
    torch.manual_seed(0)
    torch.save(raster_net.made().state_dict(), tmp_path / "net.pt")
    result = build(tmp_path / "pack.toml", tmp_path / "bundle")
    assert {item.outcome for item in result.verdicts} <= {Outcome.PASS, Outcome.INCONCLUSIVE}
    assert verify(tmp_path / "bundle").outcome is Outcome.PASS
    manifest = json.loads((tmp_path / "bundle" / "manifest.json").read_text())
    layouts = {item["name"]: [one["layout"] for one in item["outputs"]] for item in manifest["flavours"]}
    assert layouts == {"int8": ["NHWC"] * 2, "half": ["NCHW"] * 2}
    heads = manifest["flavours"][0]["compression"]
    assert heads["recipe"][1]["method"] == "float32"
    assert heads["matched"][1] == 2
    for flavour in manifest["flavours"]:
        (fit,) = flavour["intervals"]
        assert fit["counts"] == [12 * (8 * 16 - 1)]
        golden = np.load(tmp_path / "bundle" / flavour["golden"]["files"]["mass"])
        assert golden.shape == (2, 8, 16)
