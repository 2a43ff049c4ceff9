"""Flexible shapes, pictures in and out, classifiers and functions, as coremltools writes them."""

from __future__ import annotations

import logging
from typing import Any

import numpy as np
import pytest

from fieldpack.coreml.interpreter import Interpreter
from fieldpack.coreml.package import open_package
from fieldpack.errors import InputError

pytestmark = pytest.mark.full

BOUND: dict[str, Any] = {"rtol": 1e-5, "atol": 1e-5}


@pytest.fixture(scope="module")
def tools() -> Any:
    """coremltools and torch, with their warnings off."""
    ct = pytest.importorskip("coremltools", reason='pip install "fieldpack[coreml-convert]"')
    torch = pytest.importorskip("torch", reason='pip install "fieldpack[coreml-reference]"')
    logging.disable(logging.WARNING)
    torch.manual_seed(3)
    yield ct, torch
    logging.disable(logging.NOTSET)


def small_net(torch: Any) -> Any:
    """Takes pictures of any size: convolution, pooling, mean over space, linear."""

    class Net(torch.nn.Module):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__()
            self.conv = torch.nn.Conv2d(3, 8, 3, stride=2, padding=1)
            self.linear = torch.nn.Linear(8, 5)

        def forward(self, x: Any) -> Any:
            x = torch.nn.functional.avg_pool2d(torch.relu(self.conv(x)), 2)
            return torch.softmax(self.linear(x.mean((2, 3))), -1)

    return Net().eval()


def converted(tools: Any, net: Any, shape: Any, folder: Any, **settings: Any) -> Any:
    ct, torch = tools
    settings = {"minimum_deployment_target": ct.target.iOS17} | settings
    model = ct.convert(
        torch.jit.trace(net, torch.rand(shape)), compute_precision=ct.precision.FLOAT32, **settings
    )
    model.save(str(folder / "m.mlpackage"))
    return open_package(folder / "m.mlpackage")


def test_sizes_within_a_range(tools: Any, tmp_path: Any) -> None:
    ct, torch = tools
    net = small_net(torch)
    shape = ct.Shape((ct.RangeDim(1, 4), 3, ct.RangeDim(8, 64), ct.RangeDim(8, 64)), default=(1, 3, 16, 16))
    package = converted(tools, net, (1, 3, 16, 16), tmp_path, inputs=[ct.TensorType(name="x", shape=shape)])
    runner = Interpreter(package)
    legal: list[tuple[int, ...]] = [(1, 3, 16, 16), (3, 3, 8, 64), (4, 3, 37, 21)]
    for size in legal:
        x = np.random.default_rng(1).random(size, np.float32)
        (result,) = runner.run({"x": x}).values()
        np.testing.assert_allclose(result, net(torch.from_numpy(x)).detach().numpy(), **BOUND)
    for size in ((5, 3, 16, 16), (1, 3, 7, 16), (1, 3, 16, 65), (1, 4, 16, 16), (3, 16, 16)):
        with pytest.raises(InputError, match="another shape") as caught:
            runner.run({"x": np.zeros(size, np.float32)})
        assert "(8, 64)" in str(caught.value)


def test_listed_shapes(tools: Any, tmp_path: Any) -> None:
    ct, torch = tools
    net = small_net(torch)
    shape = ct.EnumeratedShapes([(1, 3, 16, 16), (1, 3, 24, 32)], default=(1, 3, 16, 16))
    package = converted(tools, net, (1, 3, 16, 16), tmp_path, inputs=[ct.TensorType(name="x", shape=shape)])
    runner = Interpreter(package)
    x = np.random.default_rng(2).random((1, 3, 24, 32), np.float32)
    (result,) = runner.run({"x": x}).values()
    np.testing.assert_allclose(result, net(torch.from_numpy(x)).detach().numpy(), **BOUND)
    with pytest.raises(InputError, match="another shape") as caught:
        runner.run({"x": np.zeros((1, 3, 24, 16), np.float32)})
    assert "[1, 3, 24, 32]" in str(caught.value)


@pytest.mark.parametrize("flexible", ["range", "list"])
def test_pictures_of_several_sizes(tools: Any, tmp_path: Any, flexible: Any) -> None:
    ct, torch = tools
    net = small_net(torch)
    if flexible == "range":
        shape = ct.Shape((1, 3, ct.RangeDim(8, 32), ct.RangeDim(8, 48)), default=(1, 3, 16, 16))
    else:
        shape = ct.EnumeratedShapes([(1, 3, 16, 16), (1, 3, 12, 40)], default=(1, 3, 16, 16))
    picture = ct.ImageType(name="x", shape=shape, scale=1 / 255, color_layout=ct.colorlayout.BGR)
    package = converted(tools, net, (1, 3, 16, 16), tmp_path, inputs=[picture])
    runner = Interpreter(package)
    pixels = np.random.default_rng(3).integers(0, 256, (1, 12, 40, 3)).astype(np.uint8)
    (result,) = runner.run({"x": pixels}).values()
    planes = np.ascontiguousarray(pixels[..., ::-1].transpose(0, 3, 1, 2)).astype(np.float32) / 255
    np.testing.assert_allclose(result, net(torch.from_numpy(planes)).detach().numpy(), **BOUND)
    with pytest.raises(InputError, match="another shape"):
        runner.run({"x": np.zeros((1, 12, 49, 3), np.uint8)})


@pytest.mark.parametrize("color", ["RGB", "BGR", "GRAYSCALE", "GRAYSCALE_FLOAT16"])
def test_pictures_come_out_as_they_are_declared(tools: Any, tmp_path: Any, color: Any) -> None:
    ct, torch = tools
    channels = 1 if color.startswith("GRAY") else 3

    class Invert(torch.nn.Module):  # type: ignore[misc, name-defined]
        def forward(self, x: Any) -> Any:
            return 255.0 - x * torch.arange(1, channels + 1).reshape(1, -1, 1, 1) / 2

    layout = getattr(ct.colorlayout, color)
    package = converted(
        tools,
        Invert().eval(),
        (1, channels, 4, 6),
        tmp_path,
        inputs=[ct.ImageType(name="x", shape=(1, channels, 4, 6), color_layout=layout)],
        outputs=[ct.ImageType(name="y", color_layout=layout)],
    )
    assert package.outputs[0].color == color
    pixels = np.random.default_rng(4).integers(0, 256, (1, 4, 6, channels)).astype(np.uint8)
    result = Interpreter(package).run({"x": pixels})["y"]
    factors = np.arange(1, channels + 1) / 2
    wanted = 255.0 - pixels * (factors[::-1] if color == "BGR" else factors)
    if color == "GRAYSCALE_FLOAT16":
        assert result.dtype == np.float16
        np.testing.assert_array_equal(result, wanted)
    else:
        assert result.dtype == np.uint8
        np.testing.assert_array_equal(result, np.rint(np.clip(wanted, 0, 255)))


@pytest.mark.parametrize("version", [15, 18])
@pytest.mark.parametrize("labels", [["a", "b", "c", "d", "e"], [10, 20, 30, 40, 50]])
def test_classifiers_give_label_and_probabilities(
    tools: Any, tmp_path: Any, version: Any, labels: Any
) -> None:
    ct, torch = tools
    net = small_net(torch)
    package = converted(
        tools,
        net,
        (1, 3, 16, 16),
        tmp_path,
        inputs=[ct.TensorType(name="x", shape=(1, 3, 16, 16))],
        classifier_config=ct.ClassifierConfig(labels),
        minimum_deployment_target=getattr(ct.target, f"iOS{version}"),
    )
    x = np.random.default_rng(5).random((1, 3, 16, 16), np.float32)
    results = Interpreter(package).run({"x": x})
    wanted = net(torch.from_numpy(x)).detach().numpy()[0]
    assert package.labels == tuple(labels)
    assert results[package.label_feature].item() == labels[int(wanted.argmax())]
    (other,) = [name for name in results if name != package.label_feature]
    np.testing.assert_allclose(results[other], wanted, **BOUND)


def test_each_function_of_a_package_runs(tools: Any, tmp_path: Any) -> None:
    ct, torch = tools
    nets = {name: small_net(torch) for name in ("first", "second")}
    description = ct.utils.MultiFunctionDescriptor()
    for name, net in nets.items():
        folder = tmp_path / name
        folder.mkdir()
        inputs = [ct.TensorType(name="x", shape=(1, 3, 16, 16))]
        converted(
            tools, net, (1, 3, 16, 16), folder, inputs=inputs, minimum_deployment_target=ct.target.iOS18
        )
        description.add_function(str(folder / "m.mlpackage"), "main", name)
    description.default_function_name = "second"
    ct.utils.save_multifunction(description, str(tmp_path / "both.mlpackage"))
    x = np.random.default_rng(6).random((1, 3, 16, 16), np.float32)
    assert open_package(tmp_path / "both.mlpackage").functions == ("second", "first")
    for chosen in (None, "first", "second"):
        package = open_package(tmp_path / "both.mlpackage", chosen)
        (result,) = Interpreter(package).run({"x": x}).values()
        wanted = nets[chosen or "second"](torch.from_numpy(x)).detach().numpy()
        np.testing.assert_allclose(result, wanted, **BOUND)
