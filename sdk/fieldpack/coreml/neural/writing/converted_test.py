"""Whole networks by the public converter, said as layers and run beside their programs."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from fieldpack.coreml.interpreter import Interpreter
from fieldpack.coreml.models_test import torch_models
from fieldpack.coreml.neural.interpreter import NeuralInterpreter
from fieldpack.coreml.neural.writing.cases_test import said_as_layers
from fieldpack.coreml.package import open_package
from fieldpack.errors import UnsupportedError

pytestmark = pytest.mark.full
REFUSED = {"raster": "conv_transpose", "sound": "pads with reflect"}


@pytest.fixture(scope="module")
def ct() -> Any:
    module = pytest.importorskip("coremltools", reason='pip install "fieldpack[coreml-convert]"')
    logging.disable(logging.WARNING)
    yield module
    logging.disable(logging.NOTSET)


def converted(ct: Any, name: str, folder: Path) -> tuple[Path, Any]:
    """A network with half weights, as a package, and what to feed it."""
    import torch

    net, shape = torch_models()[name]
    x = torch.from_numpy(np.random.default_rng(3).uniform(-1, 1, shape).astype(np.float32))
    with torch.no_grad():
        traced = torch.jit.trace(net.eval(), x)
    model = ct.convert(
        traced,
        inputs=[ct.TensorType(name="x", shape=shape)],
        outputs=[ct.TensorType(name="y", dtype=np.float32)],
        minimum_deployment_target=ct.target.iOS16,
    )
    model.save(str(folder / "model.mlpackage"))
    return folder / "model.mlpackage", x.numpy()


@pytest.mark.parametrize("name", ["mobile", "place", "residual"])
def test_networks_give_the_scores_of_their_programs(ct: Any, name: str, tmp_path: Path) -> None:
    path, x = converted(ct, name, tmp_path)
    written = tmp_path / "model.mlmodel"
    written.write_bytes(said_as_layers(path))
    package = open_package(path)
    wanted = Interpreter(package).run({"x": x.astype(package.inputs[0].dtype)})["y"]
    (got,) = NeuralInterpreter(open_package(written)).run({"x": x}).values()
    assert np.abs(got - wanted).max() < 2e-3 * np.abs(wanted).max()
    assert open_package(written).minimum_ios == "13"
    again = ct.utils.load_spec(str(written))
    assert len(again.neuralNetwork.layers) == len(open_package(written).network.layers)


@pytest.mark.parametrize("name", REFUSED)
def test_what_has_no_layers_is_named(ct: Any, name: str, tmp_path: Path) -> None:
    path, _ = converted(ct, name, tmp_path)
    with pytest.raises(UnsupportedError) as caught:
        said_as_layers(path)
    assert REFUSED[name] in str(caught.value)
