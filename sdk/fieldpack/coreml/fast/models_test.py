"""Whole models on both engines, as the public converter and its compressors write them.

Tolerances are shares of the largest output. Float32 packages differ by the order of sums. Outputs of
float16 packages end on float16 numbers, half a step of which is 5e-4 of their size; under ``fp16``
every layer rounds, and a sum on the edge of a step falls either way, so some steps add up.
"""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from fieldpack.coreml.arithmetic import Precision
from fieldpack.coreml.engine import EngineKind, open_engine
from fieldpack.coreml.models_test import torch_models
from fieldpack.coreml.package import Package, open_package
from fieldpack.coreml.weights_test import VARIANTS, models

pytestmark = pytest.mark.full

__all__ = ["models"]  # a fixture of weights_test

FLOAT32, FLOAT16, ROUNDED = 1e-5, 1e-3, 4e-3


def differ(package: Package, precision: Precision, x: Any) -> float:
    """Largest difference of the two engines, as a share of the largest output."""
    feeds = {package.inputs[0].name: x}
    reference, fast = (
        next(iter(open_engine(package, precision, 1, kind).run(feeds).values())).astype(np.float64)
        for kind in (EngineKind.REFERENCE, EngineKind.FAST)
    )
    assert reference.shape == fast.shape
    return float(np.abs(reference - fast).max() / np.abs(reference).max())


@pytest.mark.parametrize("name", ["mobile", "residual", "place", "raster", "sound"])
def test_both_engines_agree_on_whole_models(name: str, tmp_path: Path) -> None:
    ct = pytest.importorskip("coremltools", reason='pip install "fieldpack[coreml-convert]"')
    import torch

    logging.disable(logging.WARNING)
    net, shape = torch_models()[name]
    x = np.random.default_rng(3).uniform(-1, 1, shape).astype(np.float32)
    traced = torch.jit.trace(net.eval(), torch.from_numpy(x))
    for stored, ios in (("FLOAT32", 15), ("FLOAT16", 18)):
        path = tmp_path / f"{stored}.mlpackage"
        ct.convert(
            traced,
            inputs=[ct.TensorType(name="x", shape=shape)],
            compute_precision=getattr(ct.precision, stored),
            minimum_deployment_target=getattr(ct.target, f"iOS{ios}"),
        ).save(str(path))
        package = open_package(path)
        for precision in Precision:
            tolerance = FLOAT16 if precision is Precision.FP32 else ROUNDED
            assert differ(package, precision, x) <= (FLOAT32 if stored == "FLOAT32" else tolerance)
    logging.disable(logging.NOTSET)


@pytest.mark.parametrize("name", VARIANTS)
def test_both_engines_unpack_the_same_weights(models: Any, name: str, tmp_path: Path) -> None:
    import coremltools as ct

    version, compressors, operator, _ = VARIANTS[name]
    model = models[version]
    for index, compress in enumerate(compressors(ct)):
        model = compress(model, joint_compression=True) if index else compress(model)
    model.save(str(tmp_path / "small.mlpackage"))
    package = open_package(tmp_path / "small.mlpackage")
    assert operator in package.op_histogram()
    names = [
        op.inputs["weight"].arguments[0].name for op in package.block.operations if "weight" in op.inputs
    ]
    x = np.random.default_rng(1).uniform(-1, 1, (1, 3, 16, 16)).astype(np.float32)
    for precision in Precision:
        weights = [
            open_engine(package, precision, 1, kind).run_intermediates({"x": x}, names)
            for kind in (EngineKind.REFERENCE, EngineKind.FAST)
        ]
        for weight in names:
            np.testing.assert_array_equal(weights[0][weight], weights[1][weight])
        assert differ(package, precision, x) <= (FLOAT16 if precision is Precision.FP32 else ROUNDED)
