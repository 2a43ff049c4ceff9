"""Whole models through the public converter, against the framework they come from."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from fieldpack.coreml.interpreter import Interpreter, Precision
from fieldpack.coreml.package import open_package

pytestmark = pytest.mark.full


@pytest.fixture(scope="module")
def ct() -> Any:
    module = pytest.importorskip("coremltools", reason='pip install "fieldpack[coreml-convert]"')
    logging.disable(logging.WARNING)
    yield module
    logging.disable(logging.NOTSET)


def torch_models() -> dict[str, tuple[Any, tuple[int, ...]]]:
    """name -> (net, input shape): the building blocks of what Fieldpack packs."""
    import torch
    from torch import nn

    torch.manual_seed(0)

    class Attend(nn.Module):  # type: ignore[misc]
        """MobileNetV3-like: hard swish, squeeze and excite, residual."""

        def __init__(self) -> None:
            super().__init__()
            self.stem = nn.Sequential(
                nn.Conv2d(3, 16, 3, 2, 1, bias=False), nn.BatchNorm2d(16), nn.Hardswish()
            )
            self.depth = nn.Sequential(nn.Conv2d(16, 16, 5, 1, 2, groups=16), nn.BatchNorm2d(16), nn.ReLU6())
            self.squeeze = nn.Sequential(
                nn.AdaptiveAvgPool2d(1), nn.Conv2d(16, 4, 1), nn.ReLU(), nn.Conv2d(4, 16, 1)
            )
            self.head = nn.Linear(16, 7)

        def forward(self, x: Any) -> Any:
            x = self.stem(x)
            y = self.depth(x)
            x = x + y * nn.functional.hardsigmoid(self.squeeze(y))
            return torch.softmax(self.head(x.mean((2, 3))), 1)

    class Residual(nn.Module):  # type: ignore[misc]
        """ResNet- and EfficientNet-like: padding, max pool, SiLU, average pool."""

        def __init__(self) -> None:
            super().__init__()
            self.stem = nn.Sequential(
                nn.Conv2d(3, 8, 7, 2, 3), nn.BatchNorm2d(8), nn.ReLU(), nn.MaxPool2d(3, 2, 1)
            )
            self.block = nn.Sequential(
                nn.Conv2d(8, 8, 3, 1, 1), nn.BatchNorm2d(8), nn.SiLU(), nn.Conv2d(8, 8, 3, 1, 1)
            )
            self.pool = nn.AvgPool2d(3, 2, 1, ceil_mode=True, count_include_pad=False)
            self.head = nn.Linear(8, 5)

        def forward(self, x: Any) -> Any:
            x = self.stem(x)
            return self.head(self.pool(torch.relu(x + self.block(x))).flatten(2).mean(2))

    class Place(nn.Module):  # type: ignore[misc]
        """Location encoder: sine and cosine of growing frequencies, layer norm, GELU."""

        def __init__(self) -> None:
            super().__init__()
            self.register_buffer("octaves", 2.0 ** torch.arange(4) * torch.pi)
            self.layers = nn.Sequential(nn.Linear(16, 32), nn.LayerNorm(32), nn.GELU(), nn.Linear(32, 9))

        def forward(self, x: Any) -> Any:
            angles = (x.unsqueeze(-1) * self.octaves).flatten(1)
            return torch.sigmoid(self.layers(torch.cat([torch.sin(angles), torch.cos(angles)], 1)))

    class Raster(nn.Module):  # type: ignore[misc]
        """U-Net-like: transposed convolution, both ways of upsampling, concatenation, group norm."""

        def __init__(self) -> None:
            super().__init__()
            self.down = nn.Conv2d(2, 8, 3, 2, 1)
            self.norm = nn.GroupNorm(2, 8)
            self.up = nn.ConvTranspose2d(8, 4, 4, 2, 1)
            self.out = nn.Conv2d(4 + 8 + 8 + 2, 1, 1)

        def forward(self, x: Any) -> Any:
            y = nn.functional.leaky_relu(self.norm(self.down(x)), 0.1)
            near = nn.functional.interpolate(y, scale_factor=2.0, mode="nearest")
            smooth = nn.functional.interpolate(y, scale_factor=2.0, mode="bilinear", align_corners=False)
            return self.out(torch.cat([x, self.up(y), near, smooth], 1))

    class Sound(nn.Module):  # type: ignore[misc]
        """Spectrogram model: framing convolution, log, reflection padding, attention."""

        def __init__(self) -> None:
            super().__init__()
            self.frames = nn.Conv1d(1, 16, 32, 16, bias=False)
            self.mix = nn.Linear(16, 48)
            self.head = nn.Linear(16, 4)

        def forward(self, x: Any) -> Any:
            x = nn.functional.pad(x.unsqueeze(1), (8, 8), mode="reflect")
            x = torch.log(self.frames(x) ** 2 + 1e-3).transpose(1, 2)
            q, k, v = (part.unflatten(-1, (2, 8)).transpose(1, 2) for part in self.mix(x).chunk(3, -1))
            x = nn.functional.scaled_dot_product_attention(q, k, v).transpose(1, 2).flatten(2)
            return self.head(x.amax(1))

    return {
        "mobile": (Attend(), (1, 3, 32, 32)),
        "residual": (Residual(), (1, 3, 37, 41)),
        "place": (Place(), (1, 2)),
        "raster": (Raster(), (1, 2, 16, 24)),
        "sound": (Sound(), (1, 400)),
    }


@pytest.mark.parametrize("name", ["mobile", "residual", "place", "raster", "sound"])
def test_torch_models_agree_with_torch(ct: Any, name: str, tmp_path: Path) -> None:
    import torch

    net, shape = torch_models()[name]
    net.eval()
    x = torch.from_numpy(np.random.default_rng(3).uniform(-1, 1, shape).astype(np.float32))
    with torch.no_grad():
        traced = torch.jit.trace(net, x)
        expected = net(x).numpy()
    for precision, target, tolerance in (("FLOAT32", 15, 1e-5), ("FLOAT16", 18, 2e-2)):
        model = ct.convert(
            traced,
            inputs=[ct.TensorType(name="x", shape=shape)],
            compute_precision=getattr(ct.precision, precision),
            minimum_deployment_target=getattr(ct.target, f"iOS{target}"),
        )
        path = tmp_path / f"{precision}.mlpackage"
        model.save(str(path))
        package = open_package(path)
        assert package.minimum_ios == str(target)
        for mode in Precision:
            (found,) = Interpreter(package, mode).run({"x": x.numpy()}).values()
            assert found.shape == expected.shape
            scale = np.abs(expected).max()
            np.testing.assert_allclose(found.astype(np.float64), expected, rtol=0, atol=tolerance * scale)


@pytest.mark.parametrize("order", ["RGB", "BGR"])
def test_picture_inputs_and_labels(ct: Any, order: str, tmp_path: Path) -> None:
    """A classifier with a picture input: scale inside the program, colour order at the border."""
    import torch

    torch.manual_seed(1)
    net = torch.nn.Sequential(
        torch.nn.Conv2d(3, 4, 3, 2),
        torch.nn.ReLU(),
        torch.nn.Flatten(),
        torch.nn.Linear(4 * 49, 3),
        torch.nn.Softmax(1),
    ).eval()
    picture = np.random.default_rng(4).integers(0, 256, (1, 16, 16, 3), dtype=np.uint8)
    pixels = torch.from_numpy(picture.astype(np.float32)).permute(0, 3, 1, 2)
    if order == "BGR":
        pixels = pixels.flip(1)
    with torch.no_grad():
        expected = net(pixels / 255)[0].numpy()
    model = ct.convert(
        torch.jit.trace(net, torch.zeros(1, 3, 16, 16)),
        inputs=[ct.ImageType(name="photo", shape=(1, 3, 16, 16), scale=1 / 255, color_layout=order)],
        classifier_config=ct.ClassifierConfig(["Ara macao", "Pica pica", "Corvus corax"]),
        compute_precision=ct.precision.FLOAT32,
        minimum_deployment_target=ct.target.iOS15,
    )
    model.save(str(tmp_path / "c.mlpackage"))
    package = open_package(tmp_path / "c.mlpackage")
    assert package.inputs[0].color == order
    assert package.labels == ("Ara macao", "Pica pica", "Corvus corax")
    outputs = Interpreter(package).run({"photo": picture})
    label = outputs.pop(package.label_feature)
    (probabilities,) = outputs.values()
    np.testing.assert_allclose(probabilities, expected, rtol=0, atol=1e-6)
    assert label.item() == package.labels[int(expected.argmax())]


KERAS = """
import os, sys
os.environ["TF_USE_LEGACY_KERAS"] = "1"
import numpy as np
import tensorflow as tf
import tf_keras
import coremltools as ct

tf_keras.utils.set_random_seed(0)
layers = tf_keras.layers
photo = layers.Input((31, 33, 3))
x = layers.ZeroPadding2D(((0, 1), (0, 1)))(photo)
x = layers.Conv2D(8, 3, strides=2, use_bias=False)(x)
x = layers.BatchNormalization()(x)
x = layers.ReLU(6.0)(x)
y = layers.DepthwiseConv2D(3, padding="same", strides=2)(x)
y = layers.SeparableConv2D(8, 3, padding="same", activation="swish")(y)
z = layers.MaxPooling2D(2, padding="same")(x)
x = layers.Concatenate()([y, z])
x = layers.UpSampling2D(2, interpolation="bilinear")(x)
x = layers.AveragePooling2D(3, 2, padding="same")(x)
x = layers.Conv2DTranspose(4, 3, strides=2, padding="same", activation="elu")(x)
x = layers.GlobalAveragePooling2D()(x)
x = layers.Dense(6, activation="hard_sigmoid")(x)
x = layers.LayerNormalization()(x)
model = tf_keras.Model(photo, layers.Softmax()(x))
given = np.random.default_rng(0).uniform(-1, 1, (1, 31, 33, 3)).astype(np.float32)
np.savez(sys.argv[1] + "/reference.npz", x=given, y=model(given).numpy())
for name in ("FLOAT32", "FLOAT16"):
    ct.convert(model, source="tensorflow", inputs=[ct.TensorType(shape=(1, 31, 33, 3))],
               compute_precision=getattr(ct.precision, name), minimum_deployment_target=ct.target.iOS16,
               ).save(sys.argv[1] + "/" + name + ".mlpackage")
"""


def test_keras_models_agree_with_keras(ct: Any, tmp_path: Path) -> None:
    """In a process of its own: TensorFlow must start with legacy Keras."""
    import subprocess
    import sys

    done = subprocess.run([sys.executable, "-c", KERAS, str(tmp_path)], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-2000:]
    reference = np.load(tmp_path / "reference.npz")
    for name, tolerance in (("FLOAT32", 2e-6), ("FLOAT16", 1e-2)):
        package = open_package(tmp_path / f"{name}.mlpackage")
        feed = {package.inputs[0].name: reference["x"]}
        for mode in Precision:
            (found,) = Interpreter(package, mode).run(feed).values()
            np.testing.assert_allclose(found.astype(np.float64), reference["y"], rtol=0, atol=tolerance)
