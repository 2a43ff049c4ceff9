"""Splits come from the manifest, in its order; what cannot be used is named."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from fieldpack.contract.inputs import ImageInput
from fieldpack.errors import InputError
from fieldpack_reference_models.nature.photos import read_split, tensors

CLASSES = ("ant", "bass")


def _folder(path: Path, manifest: str) -> Path:
    for name, colour in (("a.png", (255, 0, 0)), ("b.png", (0, 0, 255))):
        Image.new("RGB", (6, 4), colour).save(path / name)
    (path / "manifest.csv").write_text(manifest, encoding="utf-8")
    return path


def test_a_split_is_read_in_the_order_of_the_manifest(tmp_path: Path) -> None:
    rows = "path,class,split\nb.png,bass,train\na.png,ant,val\na.png,ant,train\n"
    found = read_split(_folder(tmp_path, rows), "train", CLASSES)
    assert found.labels.tolist() == [1, 0]
    assert [picture.getpixel((0, 0)) for picture in found.pictures] == [(0, 0, 255), (255, 0, 0)]


@pytest.mark.parametrize(
    ("manifest", "message"),
    [
        ("path,class,split\na.png,ant,train\n", "no photo"),
        ("path,class,split\na.png,cat,val\n", "not known: cat"),
        ("path,class\na.png,ant\n", "lacks columns"),
        ("path,class,split\nmissing.png,ant,val\n", r"missing\.png cannot be read"),
    ],
)
def test_what_cannot_be_used_is_named(tmp_path: Path, manifest: str, message: str) -> None:
    with pytest.raises(InputError, match=message):
        read_split(_folder(tmp_path, manifest), "val", CLASSES)


def test_a_folder_without_a_manifest_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"manifest\.csv cannot be read"):
        read_split(tmp_path, "val", CLASSES)


@pytest.mark.parametrize(("layout", "shape"), [("NHWC", (1, 8, 8, 3)), ("NCHW", (1, 3, 8, 8))])
def test_tensors_are_laid_out_and_scaled_as_the_contract_says(layout: str, shape: tuple[int, ...]) -> None:
    contract = ImageInput.model_validate(
        {
            "kind": "image",
            "name": "picture",
            "height": 8,
            "width": 8,
            "color_order": "rgb",
            "layout": layout,
            "normalization": {"kind": "range", "low": -1.0, "high": 1.0},
            "resize": {"method": "bilinear", "fit": {"kind": "stretch"}},
        }
    )
    found = tensors([Image.new("RGB", (5, 3), (255, 0, 51))], contract)
    assert found.shape == shape
    channels = np.moveaxis(found, layout.index("C"), 0).reshape(3, -1)
    assert np.allclose(channels, np.array([[1], [-1], [-0.6]]), atol=1e-6)
