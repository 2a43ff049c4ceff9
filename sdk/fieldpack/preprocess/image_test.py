"""Pictures by Pillow's encoder and by hand; resizing against a float64 reference and against torch."""

from __future__ import annotations

import io
import struct
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from fieldpack.contract import ImageInput, Layout
from fieldpack.errors import InputError
from fieldpack.preprocess.image import bilinear, open_picture, prepare_image, to_tensor


def contract(
    height: int, width: int, fit: dict[str, Any], method: str = "bilinear", order: str = "rgb"
) -> ImageInput:
    return ImageInput.model_validate(
        {
            "kind": "image",
            "name": "image",
            "height": height,
            "width": width,
            "color_order": order,
            "layout": "NHWC",
            "normalization": {"kind": "range", "low": -1.0, "high": 1.0},
            "resize": {"method": method, "fit": fit},
        }
    )


STRETCH = {"kind": "stretch"}


def encoded(picture: Image.Image, kind: str = "PNG", **options: Any) -> bytes:
    buffer = io.BytesIO()
    picture.save(buffer, kind, **options)
    return buffer.getvalue()


def noise(height: int, width: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8)


@pytest.mark.parametrize("orientation", range(1, 9))
def test_exif_orientation_is_applied(orientation: int) -> None:
    upright = np.zeros((16, 32, 3), np.uint8)
    upright[:8, :16] = 255
    stored = {
        1: upright,
        2: upright[:, ::-1],
        3: upright[::-1, ::-1],
        4: upright[::-1],
        5: upright.transpose(1, 0, 2),
        6: np.rot90(upright, 1),
        7: upright[::-1, ::-1].transpose(1, 0, 2),
        8: np.rot90(upright, -1),
    }[orientation]
    exif = Image.Exif()
    exif[0x0112] = orientation
    data = encoded(Image.fromarray(np.ascontiguousarray(stored)), exif=exif)
    assert np.array_equal(np.asarray(open_picture(data)), upright)


def test_transparency_becomes_white() -> None:
    layered = Image.new("RGBA", (2, 1), (200, 0, 0, 255))
    layered.putpixel((1, 0), (200, 0, 0, 0))
    half = Image.new("LA", (1, 1), (0, 128))
    palette = Image.new("P", (1, 1), 0)
    palette.putpalette([9, 9, 9])
    assert np.asarray(open_picture(encoded(layered))).tolist() == [[[200, 0, 0], [255, 255, 255]]]
    assert np.asarray(open_picture(encoded(half))).tolist() == [[[127, 127, 127]]]
    assert np.asarray(open_picture(encoded(palette, transparency=0))).tolist() == [[[255, 255, 255]]]
    assert np.asarray(open_picture(encoded(palette))).tolist() == [[[9, 9, 9]]]


def test_other_modes_become_rgb() -> None:
    deep = np.array([[0, 255, 256, 65535]], np.uint16)
    assert np.asarray(open_picture(encoded(Image.fromarray(deep))))[0, :, 1].tolist() == [0, 0, 1, 255]
    assert np.asarray(open_picture(encoded(Image.new("1", (1, 1), 1)))).tolist() == [[[255, 255, 255]]]
    cmyk = open_picture(encoded(Image.new("CMYK", (8, 8), (0, 255, 255, 0)), "JPEG", quality=100))
    assert np.abs(np.asarray(cmyk).astype(int) - [255, 0, 0]).max() <= 3


def test_floating_point_pixels_are_refused() -> None:
    data = encoded(Image.fromarray(np.ones((2, 2), np.float32)), "TIFF")
    with pytest.raises(InputError, match="floating-point"):
        open_picture(data)


def hostile() -> dict[str, bytes]:
    jpeg = encoded(Image.fromarray(noise(64, 64)), "JPEG")
    png = encoded(Image.fromarray(noise(64, 64)))
    header = struct.pack(">IIBBBBB", 60000, 60000, 8, 2, 0, 0, 0)
    chunk = b"IHDR" + header
    bomb = b"\x89PNG\r\n\x1a\n" + struct.pack(">I", 13) + chunk + struct.pack(">I", zlib.crc32(chunk))
    return {
        "empty.jpg": b"",
        "truncated.jpg": jpeg[: len(jpeg) // 2],
        "header_only.jpg": jpeg[:20],
        "truncated.png": png[: len(png) // 2],
        "text.jpg": b"this is not a picture",
        "bomb.png": bomb + png[33:],
    }


@pytest.mark.parametrize("name", sorted(hostile()))
def test_hostile_files_are_refused_by_name(name: str, tmp_path: Path) -> None:
    path = tmp_path / name
    path.write_bytes(hostile()[name])
    with pytest.raises(InputError, match=name):
        open_picture(path)


def test_a_picture_between_both_limits_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("fieldpack.preprocess.image.LARGEST_PICTURE_PIXELS", 63)
    with pytest.raises(InputError, match="too large"):
        open_picture(encoded(Image.new("RGB", (8, 8))))


def test_missing_file_and_folder(tmp_path: Path) -> None:
    for path in (tmp_path / "absent.jpg", tmp_path):
        with pytest.raises(InputError, match=str(path)):
            open_picture(path)


def test_center_crop_takes_the_stated_rectangle() -> None:
    pixels = noise(100, 201)
    whole = prepare_image(
        Image.fromarray(pixels), contract(100, 100, {"kind": "center_crop", "fraction": 1.0})
    )
    assert np.array_equal(whole, pixels[:, 50:150])
    part = prepare_image(Image.fromarray(pixels), contract(50, 50, {"kind": "center_crop", "fraction": 0.5}))
    assert np.array_equal(part, pixels[25:75, 75:125])
    wide = prepare_image(
        Image.fromarray(pixels), contract(67, 201, {"kind": "center_crop", "fraction": 1.0}, "nearest")
    )
    assert np.array_equal(wide, pixels[16:83])


def test_pad_keeps_the_aspect_ratio() -> None:
    made = prepare_image(Image.fromarray(noise(10, 20)), contract(16, 20, {"kind": "pad", "value": 7}))
    assert np.array_equal(made[3:13], noise(10, 20))
    assert (made[:3] == 7).all()
    assert (made[13:] == 7).all()
    thin = prepare_image(Image.new("RGB", (1, 3000)), contract(8, 8, {"kind": "pad", "value": 9}))
    assert (thin[:, 3] == 0).all()
    assert (np.delete(thin, 3, axis=1) == 9).all()


def test_colour_orders() -> None:
    pixels = noise(5, 6)
    picture = Image.fromarray(pixels)
    assert np.array_equal(prepare_image(picture, contract(5, 6, STRETCH, order="bgr")), pixels[..., ::-1])
    grey = prepare_image(picture, contract(5, 6, STRETCH, order="gray"))
    luma = pixels @ np.array([0.299, 0.587, 0.114])
    assert grey.shape == (5, 6, 1)
    assert np.abs(grey[..., 0] - luma).max() <= 0.51


def naive_bilinear(pixels: np.ndarray, height: int, width: int) -> np.ndarray:
    """Float64, one pixel at a time."""
    rows, columns, _ = pixels.shape
    out = np.zeros((height, width, pixels.shape[2]))
    for y in range(height):
        for x in range(width):
            v = min(max((y + 0.5) * rows / height - 0.5, 0), rows - 1)
            u = min(max((x + 0.5) * columns / width - 0.5, 0), columns - 1)
            for j in range(rows):
                for i in range(columns):
                    out[y, x] += max(0, 1 - abs(v - j)) * max(0, 1 - abs(u - i)) * pixels[j, i]
    return out


@pytest.mark.parametrize("size", [(5, 7), (20, 13), (9, 9), (1, 1), (3, 30)])
def test_bilinear_without_antialias(size: tuple[int, int]) -> None:
    pixels = noise(9, 11)
    made = bilinear(pixels, *size).astype(float)
    assert np.abs(made - naive_bilinear(pixels, *size)).max() <= 0.501


def test_bilinear_equals_pillow_where_it_enlarges() -> None:
    pixels = noise(9, 11)
    pillow = np.asarray(Image.fromarray(pixels).resize((40, 31), Image.Resampling.BILINEAR))
    assert np.abs(bilinear(pixels, 31, 40).astype(int) - pillow).max() <= 1


@pytest.mark.full
def test_bilinear_equals_torch() -> None:
    torch = pytest.importorskip("torch", reason='pip install "fieldpack[torch]"')
    pixels = noise(157, 211)
    tensor = torch.from_numpy(pixels.transpose(2, 0, 1)[None].astype(np.float32))
    resized = torch.nn.functional.interpolate(tensor, (96, 64), mode="bilinear", align_corners=False)
    reference = resized[0].numpy().transpose(1, 2, 0)
    assert np.abs(bilinear(pixels, 96, 64) - reference).max() <= 0.501


def test_to_tensor_scales_and_orders_axes() -> None:
    pixels = noise(2, 3)[None]
    scale, offset = (0.5, 2.0, 1.0), (-1.0, 0.25, 3.0)
    wanted = pixels.astype(np.float64) * scale + offset
    assert np.allclose(to_tensor(pixels, scale, offset, Layout.NHWC), wanted)
    nchw = to_tensor(pixels, scale, offset, Layout.NCHW)
    assert nchw.shape == (1, 3, 2, 3)
    assert nchw.dtype == np.float32
    assert np.allclose(nchw, wanted.transpose(0, 3, 1, 2))
    with pytest.raises(InputError, match="pixels do not fit"):
        to_tensor(pixels[..., :2], scale, offset, Layout.NHWC)
