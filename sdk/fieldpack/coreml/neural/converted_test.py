"""Networks that coremltools converts to the older format, against the framework they come from."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from fieldpack.coreml.engine import open_engine
from fieldpack.coreml.package import open_package

pytestmark = pytest.mark.full
REASON = 'pip install "fieldpack[coreml-convert]"'
IMAGE = (1, 3, 32, 32)


def mobilenet(nn: Any) -> Any:
    """Depthwise convolutions, batch norm, hard swish, squeeze and excitation."""

    class Block(nn.Module):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__()
            self.deep = nn.Sequential(
                nn.Conv2d(16, 16, 3, 2, 1, groups=16, bias=False), nn.BatchNorm2d(16), nn.Hardswish()
            )
            self.squeeze = nn.Sequential(
                nn.AdaptiveAvgPool2d(1), nn.Conv2d(16, 4, 1), nn.ReLU(), nn.Conv2d(4, 16, 1), nn.Hardsigmoid()
            )

        def forward(self, x: Any) -> Any:
            x = self.deep(x)
            return x * self.squeeze(x)

    return nn.Sequential(
        nn.Conv2d(3, 16, 3, 2, 1), nn.ReLU6(), Block(), nn.Conv2d(16, 24, 1), nn.AdaptiveAvgPool2d(1),
        nn.Flatten(), nn.Linear(24, 10), nn.Softmax(1),
    )  # fmt: skip


def resnet(nn: Any) -> Any:
    """Residual sums, strided shortcut, max pool."""

    class Block(nn.Module):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__()
            self.one = nn.Sequential(
                nn.Conv2d(8, 16, 3, 2, 1), nn.BatchNorm2d(16), nn.ReLU(), nn.Conv2d(16, 16, 3, 1, 1)
            )
            self.two = nn.Conv2d(8, 16, 1, 2)

        def forward(self, x: Any) -> Any:
            return (self.one(x) + self.two(x)).relu()

    return nn.Sequential(
        nn.Conv2d(3, 8, 7, 2, 3),
        nn.MaxPool2d(3, 2, 1),
        Block(),
        nn.AdaptiveAvgPool2d(1),
        nn.Flatten(),
        nn.Linear(16, 5),
    )


def inception(nn: Any) -> Any:
    """Branches put side by side, average pools that leave their padding out."""

    class Mixed(nn.Module):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__()
            self.parts = nn.ModuleList([
                nn.Conv2d(3, 4, 1), nn.Conv2d(3, 4, 5, padding=2), nn.Conv2d(3, 4, (1, 7), padding=(0, 3)),
                nn.Sequential(nn.AvgPool2d(3, 1, 1, count_include_pad=False), nn.Conv2d(3, 4, 1)),
            ])  # fmt: skip

        def forward(self, x: Any) -> Any:
            import torch

            return torch.cat([part(x) for part in self.parts], 1)

    return nn.Sequential(
        Mixed(), nn.LeakyReLU(0.1), nn.MaxPool2d(3, 2), nn.Conv2d(16, 8, 3, dilation=2), nn.ELU()
    )


def unet(nn: Any) -> Any:
    """Deconvolution, bilinear and nearest upsampling, skip connection."""

    class Net(nn.Module):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__()
            self.down = nn.Conv2d(3, 8, 3, 2, 1)
            self.up = nn.ConvTranspose2d(8, 4, 2, 2)
            self.more = nn.Sequential(
                nn.Upsample(scale_factor=2), nn.Conv2d(7, 4, 3, padding=1), nn.PReLU(4),
                nn.Upsample(scale_factor=2, mode="bilinear", align_corners=True),
            )  # fmt: skip

        def forward(self, x: Any) -> Any:
            import torch

            return self.more(torch.cat([self.up(self.down(x)), x], 1)).sigmoid()

    return Net()


def superresolution(nn: Any) -> Any:
    """Pixel shuffle and clipping, as EDSR has them."""
    return nn.Sequential(
        nn.Conv2d(3, 16, 3, padding=1),
        nn.ReLU(),
        nn.Conv2d(16, 12, 3, padding=1),
        nn.PixelShuffle(2),
        nn.Hardtanh(0.0, 1.0),
    )


def location(nn: Any) -> Any:
    """Sine and cosine of scaled positions, then inner products."""

    class Net(nn.Module):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__()
            self.net = nn.Sequential(
                nn.Linear(16, 32), nn.ReLU(), nn.LayerNorm(32), nn.Linear(32, 6), nn.Sigmoid()
            )

        def forward(self, x: Any) -> Any:
            import torch

            scaled = torch.cat([x * 3.14159 * 2**n for n in range(4)], 1)
            return self.net(torch.cat([torch.sin(scaled), torch.cos(scaled)], 1))

    return Net()


def attention(nn: Any) -> Any:
    """Matrix products of three and four axes, softmax, GELU."""

    class Net(nn.Module):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__()
            self.patch, self.qkv, self.out = nn.Conv2d(3, 16, 8, 8), nn.Linear(16, 48), nn.Linear(16, 4)

        def forward(self, x: Any) -> Any:
            x = self.patch(x).flatten(2).transpose(1, 2)
            q, k, v = self.qkv(x).reshape(1, 16, 3, 2, 8).permute(2, 0, 3, 1, 4).unbind(0)
            weights = (q @ k.transpose(-2, -1) / 8**0.5).softmax(-1)
            y = (weights @ v).transpose(1, 2).reshape(1, 16, 16)
            return self.out(nn.functional.gelu(x + y)).mean(1)

    return Net()


def recurrent(nn: Any) -> Any:
    """An LSTM in both directions."""

    class Net(nn.Module):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__()
            self.lstm, self.out = nn.LSTM(6, 5, bidirectional=True, batch_first=True), nn.Linear(10, 3)

        def forward(self, x: Any) -> Any:
            return self.out(self.lstm(x)[0])

    return Net()


NETWORKS: list[tuple[Callable[[Any], Any], tuple[int, ...]]] = [
    (mobilenet, IMAGE), (resnet, IMAGE), (inception, IMAGE), (unet, IMAGE), (superresolution, IMAGE),
    (location, (3, 2)), (attention, IMAGE), (recurrent, (1, 7, 6)),
]  # fmt: skip


@pytest.mark.parametrize(("factory", "shape"), NETWORKS, ids=[entry[0].__name__ for entry in NETWORKS])
def test_converted_networks_give_what_torch_gives(tmp_path: Path, factory: Any, shape: Any) -> None:
    ct = pytest.importorskip("coremltools", reason=REASON)
    import torch

    torch.manual_seed(3)
    net = factory(torch.nn).eval()
    x = torch.rand(shape)
    with torch.no_grad():
        expected = net(x).numpy()
        traced = torch.jit.trace(net, x)
    model = ct.convert(
        traced, inputs=[ct.TensorType(name="x", shape=shape)], outputs=[ct.TensorType(name="y")],
        convert_to="neuralnetwork", skip_model_load=True,
    )  # fmt: skip
    path = tmp_path / "model.mlmodel"
    model.save(str(path))
    found = open_engine(open_package(path)).run({"x": x.numpy()})["y"]
    assert found.shape == expected.shape
    np.testing.assert_allclose(found, expected, rtol=0, atol=2e-5)


@pytest.mark.parametrize(
    ("bits", "mode", "worst"), [(16, "linear", 2e-3), (8, "linear", 0.02), (6, "linear_lut", 0.1)]
)
def test_converted_pictures_labels_and_quantised_weights(
    tmp_path: Path, bits: int, mode: str, worst: float
) -> None:
    ct = pytest.importorskip("coremltools", reason=REASON)
    import torch
    from coremltools.models.neural_network.quantization_utils import quantize_weights

    torch.manual_seed(4)
    net = resnet(torch.nn).append(torch.nn.Softmax(1)).eval()
    traced = torch.jit.trace(net, torch.rand(IMAGE))
    bias = [-1.0, -0.5, 0.25]
    model = ct.convert(
        traced, inputs=[ct.ImageType(name="x", shape=IMAGE, scale=1 / 128, bias=bias, color_layout="BGR")],
        classifier_config=ct.ClassifierConfig(["a", "b", "c", "d", "e"]), convert_to="neuralnetwork",
        skip_model_load=True,
    )  # fmt: skip
    path = tmp_path / "model.mlmodel"
    smaller = quantize_weights(model, bits, mode)
    ct.utils.save_spec(smaller.get_spec() if hasattr(smaller, "get_spec") else smaller, str(path))
    picture = np.random.default_rng(0).integers(0, 256, (1, 32, 32, 3), dtype=np.uint8)
    bgr = torch.from_numpy(picture[..., ::-1].transpose(0, 3, 1, 2).astype(np.float32))
    with torch.no_grad():
        expected = net(bgr / 128 + torch.tensor(bias).reshape(1, 3, 1, 1)).numpy()[0]
    package = open_package(path)
    found = open_engine(package).run({"x": picture})
    chances = next(value for value in found.values() if value.shape == (5,))
    np.testing.assert_allclose(chances, expected, rtol=0, atol=worst)
    assert found[package.label_feature].item() == "abcde"[int(expected.argmax())]
    assert f"uint{bits}" in package.weight_storage or (bits == 16 and "float16" in package.weight_storage)
