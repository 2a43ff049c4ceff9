"""A tiny raster bundle and scenes for it, for tests of anything that takes scenes.

The model is one small convolution of two bands for each of three quantiles, so that what a whole scene must
give is computed in numpy, in one piece and in float64.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fieldpack.bundle.arrays import npy_bytes
from fieldpack.bundle.digest import content_digest, sha256_bytes
from fieldpack.bundle.write import BundleWriter
from fieldpack.contract import Contract, RasterInput
from fieldpack.preprocess.raster import missing_pixels, prepare_raster, widened
from fieldpack.testing import convolution_tflite

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

SIDE = 16
QUANTITY = "height"
LEVELS = {"low": 0.05, "middle": 0.5, "high": 0.95}
MODEL = "flavours/tflite-float32/model.tflite"
EPSG = 32632
GOLDEN = 2


def tile_contract(
    tile: Mapping[str, Any] | None = None,
    intervals: list[dict[str, Any]] | None = None,
    tiling: Mapping[str, Any] | None = None,
) -> Contract:
    """The contract of the tiny bundle, with these fields changed."""
    band = {"clip": [0.0, 1000.0], "scaling": {"kind": "mean_std", "mean": 500.0, "std": 250.0}}
    fields = {
        "kind": "raster",
        "name": "tile",
        "height": SIDE,
        "width": SIDE,
        "sensor": "made up",
        "bands": [{**band, "name": "red"}, {**band, "name": "nir"}],
        "band_tags": "ignored",
        "no_data": -1.0,
        "fill": 0.0,
        "mask_channel": "none",
        "layout": "NHWC",
        "resolution": 10.0,
        "resolution_unit": "metre",
        "resolution_tolerance": 0.01,
        "tiling": {
            "overlap": 4,
            "blend": "crop",
            "alignment": 1,
            "margin": 1,
            "beyond": "fill",
            **(tiling or {}),
        },
        **(tile or {}),
    }
    outputs = [
        {
            "name": name,
            "activation": "linear",
            "unit": "metre",
            "estimate": {"kind": "quantile", "quantity": QUANTITY, "level": level},
        }
        for name, level in LEVELS.items()
    ]
    return Contract.model_validate({"inputs": [fields], "outputs": outputs, "intervals": intervals or []})


def tile_bundle(
    target: Path,
    contract: Contract | None = None,
    stride: int = 1,
    fits: list[dict[str, Any]] | None = None,
) -> Path:
    """Write the tiny bundle to `target` and return `target`."""
    contract = contract or tile_contract()
    with BundleWriter(target) as writer:
        writer.commit(_content(writer, contract, stride, fits or []))
    return target


def heads(stride: int = 1) -> dict[str, tuple[NDArray[np.float32], float]]:
    """Weights [1, rows, columns, 2] and bias of each output; 3 by 3, or `stride` by `stride`."""
    import numpy as np

    size = 3 if stride == 1 else stride
    weights = np.random.default_rng(11).normal(size=(1, size, size, 2)).astype(np.float32)
    return {name: (weights, 10.0 + 4 * place) for place, name in enumerate(LEVELS)}


def whole_answer(values: NDArray[Any], contract: Contract, stride: int = 1) -> dict[str, NDArray[np.float64]]:
    """What the model says of a whole scene [2, H, W], by output; NaN where the contract gives no answer."""
    import numpy as np

    stated = contract.inputs[0]
    if not isinstance(stated, RasterInput):
        raise TypeError("the tiny bundle takes rasters")
    _, height, width = values.shape
    whole = stated.model_copy(update={"height": height, "width": width})
    scaled = prepare_raster(values, whole).astype(np.float64)
    unseen = widened(missing_pixels(values, stated), stated.tiling.margin)
    if stride == 1:
        beyond: dict[str, Any] = {"mode": "constant", "constant_values": stated.fill}
        if stated.tiling.beyond == "mirror":
            beyond = {"mode": "reflect"}
        scaled = np.pad(scaled, ((1, 1), (1, 1), (0, 0)), **beyond)
    else:
        rows, columns = height // stride * stride, width // stride * stride
        scaled, unseen = scaled[:rows, :columns], unseen[:rows, :columns]
        blocks = unseen.reshape(rows // stride, stride, columns // stride, stride)
        unseen = np.asarray(blocks.any(axis=(1, 3)))
    answers = {}
    for name, (weights, bias) in heads(stride).items():
        windows: Any = np.lib.stride_tricks.sliding_window_view(scaled, weights.shape[1:3], (0, 1))  # type: ignore[call-overload]
        windows = windows[::stride, ::stride]
        answer = np.einsum("hwcij,ijc->hw", windows, weights[0].astype(np.float64)) + bias
        answers[name] = np.where(unseen, np.nan, answer)
    return answers


def made_scene(height: int, width: int, seed: int = 0) -> NDArray[np.float32]:
    """Two smooth bands [2, H, W] with outliers and a corner without data (-1)."""
    import numpy as np

    dice = np.random.default_rng(seed)
    rows, columns = np.mgrid[:height, :width]
    bands = np.stack([500 + 300 * np.sin(rows / 9 + k) * np.cos(columns / 7 - k) for k in range(2)])
    bands += dice.normal(scale=30, size=bands.shape)
    bands[:, dice.random((height, width)) < 0.01] = 5000
    bands[0, : height // 5, : width // 6] = -1
    return bands.astype(np.float32)


def write_scene(path: Path, values: NDArray[Any], **profile: Any) -> Path:
    """Write bands [bands, H, W] as a GeoTIFF at 10 m in UTM 32 north; needs rasterio.

    Keywords are rasterio's, and ``descriptions`` (names of the bands), ``meanings`` (their colours) and
    ``front`` (the directory comes before the pixels, as in cloud-optimised files).
    """
    import rasterio
    import rasterio.shutil

    names = profile.pop("descriptions", ("red", "nir"))
    front, meanings = profile.pop("front", False), profile.pop("meanings", None)
    settings = {
        "driver": "GTiff",
        "dtype": values.dtype,
        "count": values.shape[0],
        "height": values.shape[1],
        "width": values.shape[2],
        "crs": f"EPSG:{EPSG}",
        "transform": rasterio.Affine(10.0, 0.0, 500_000.0, 0.0, -10.0, 5_200_000.0),
        **profile,
    }
    with rasterio.open(path, "w", **settings) as file:
        if meanings is not None:  # before the pixels: the directory is written with them
            file.colorinterp = meanings
        file.write(values)
        for number, name in enumerate(names, start=1):
            file.set_band_description(number, name)
    if front:
        rasterio.shutil.copy(path, path.with_suffix(".cog"), driver="COG", blocksize=128, overviews="none")
        path.with_suffix(".cog").replace(path)
    return path


def _content(
    writer: BundleWriter, contract: Contract, stride: int, fits: list[dict[str, Any]]
) -> dict[str, Any]:
    import numpy as np

    stated = contract.inputs[0]
    if not isinstance(stated, RasterInput):
        raise TypeError("the tiny bundle takes rasters")
    whole = made_scene(stated.height * GOLDEN, stated.width, seed=3)
    parts = [whole[:, at * stated.height : (at + 1) * stated.height] for at in range(GOLDEN)]
    tiles = np.stack([prepare_raster(part, stated) for part in parts])
    bare = contract.model_copy(update={"inputs": (stated.model_copy(update={"no_data": "none"}),)})
    # 500 becomes 0, which is what stands for no data.
    seen = [np.where((part == -1).any(axis=0), np.float32(500), part) for part in parts]
    answers = [whole_answer(part, bare, stride) for part in seen]
    shape = (1, stated.height, stated.width, stated.channels)
    writer.add_bytes(MODEL, convolution_tflite(stated.name, shape, heads(stride), stride))
    writer.add_bytes("evidence/parity.json", b"{}\n")
    writer.add_bytes(f"golden/inputs/{stated.name}.npy", npy_bytes(tiles))
    for name in LEVELS:
        golden = np.stack([answer[name] for answer in answers]).astype(np.float32)
        writer.add_bytes(f"golden/outputs/{name}.npy", npy_bytes(golden))
        writer.add_bytes(f"golden/flavours/tflite-float32/{name}.npy", npy_bytes(golden))
    return _fields(writer, contract, shape, stride, fits)


def _fields(
    writer: BundleWriter,
    contract: Contract,
    shape: tuple[int, ...],
    stride: int,
    fits: list[dict[str, Any]],
) -> dict[str, Any]:
    name = contract.inputs[0].name
    answer = [1, shape[1] // stride, shape[2] // stride, 1]
    flavour = {
        "name": "tflite-float32",
        "kind": "tflite",
        "path": MODEL,
        "digest": content_digest(writer.path(MODEL)),
        "installed_bytes": writer.path(MODEL).stat().st_size,
        "download_bytes": 500,
        "inputs": [
            {"name": name, "tensor": name, "shape": list(shape), "dtype": "float32", "layout": "NHWC"}
        ],
        "outputs": [
            {"name": level, "tensor": level, "shape": answer, "dtype": "float32", "layout": "NHWC"}
            for level in LEVELS
        ],
        "requires": {"operators": {"CONV_2D": 1}},
        "compression": {
            "recipe": [{"method": "float32", "layers": ".*"}],
            "matched": [3],
            "changed": 0,
            "unchanged": 3,
        },
        "golden": {
            "files": {level: f"golden/flavours/tflite-float32/{level}.npy" for level in LEVELS},
            "tolerance": dict.fromkeys(LEVELS, 1e-3),
        },
        "intervals": fits,
    }
    digest = sha256_bytes(b"tiny raster")
    evaluation = {"description": "seeded", "count": GOLDEN, "digest": digest}
    return {
        "name": "tiny-raster",
        "version": "1.0.0",
        "description": "Three quantiles from two made-up bands.",
        "license": "CC0-1.0",
        "contract": contract.model_dump(mode="json"),
        "flavours": [flavour],
        "golden": {
            "ids": [f"tile-{number}" for number in range(GOLDEN)],
            "inputs": {name: f"golden/inputs/{name}.npy"},
            "outputs": {level: f"golden/outputs/{level}.npy" for level in LEVELS},
        },
        "lineage": {
            "source_kind": "keras",
            "source_digest": digest,
            "source_parameters": 57,
            "spec_digest": digest,
            "seed": 0,
            "tools": {"fieldpack": "0.1.0"},
            "data": {"evaluation": evaluation},
        },
        "budget": {"every": {"installed_bytes": 100000}},
        "verdicts": [],
        "evidence": "evidence/parity.json",
    }
