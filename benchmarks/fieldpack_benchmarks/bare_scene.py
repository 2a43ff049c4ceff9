"""The least code that maps a scene: rasterio reads, numpy scales, LiteRT answers, one tile after the other.

``python -m fieldpack_benchmarks.bare_scene BUNDLE FLAVOUR SCENE OUT``. What ``fieldpack predict`` costs is
measured against this. It cuts the same tiles and keeps the same part of each, and leaves out the rest: no
check, no surroundings of pixels without data, no seam, no interval, no journal, no GeoTIFF.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fieldpack.bundle.read import Bundle, open_bundle
from fieldpack.contract import RasterInput
from fieldpack.errors import InputError
from fieldpack.scenes.requirements import geo_library
from fieldpack.scenes.tiles import plan_tiles, seen_lines


class BareTiles:
    """A TFLite flavour that takes tiles as float32 [1, H, W, C], without checks.

    Parameters
    ----------
    bundle : Bundle
        An open bundle of one raster model.
    flavour : str
        One of its TFLite flavours.
    """

    def __init__(self, bundle: Bundle, flavour: str) -> None:
        from ai_edge_litert.interpreter import Interpreter

        from fieldpack.tflite.runner import TfliteRunner

        entry = next(item for item in bundle.manifest.flavours if item.name == flavour)
        path = bundle.path(entry.path)
        order = [item.name for item in TfliteRunner(path).outputs]
        self._interpreter = Interpreter(str(path), num_threads=1)
        self._interpreter.allocate_tensors()
        self._input = self._interpreter.get_input_details()[0]["index"]
        details = self._interpreter.get_output_details()
        self._outputs = [details[order.index(item.tensor)]["index"] for item in entry.outputs]
        contract = bundle.manifest.contract.inputs[0]
        if not isinstance(contract, RasterInput) or entry.inputs[0].layout != "NHWC":
            raise InputError("the plain loop takes tiles [H, W, C]", came=f"{contract.kind}, {flavour}")
        self.contract = contract
        scalings = [band.scaling.scale_offset() for band in contract.bands]
        self._scale, self._offset = np.array(scalings, np.float32).T
        free = (-np.inf, np.inf)
        clips = [free if isinstance(band.clip, str) else band.clip for band in contract.bands]
        self._low, self._high = np.array(clips, np.float32).T

    def answer(self, values: NDArray[Any], beyond: NDArray[np.bool_]) -> NDArray[np.float32]:
        """Bands [C, H, W] as measured to every output, [outputs, H, W]; NaN where a band has no data.

        Pixels `beyond` [H, W] the scene have none where the contract fills them.
        """
        unseen = (values == self.contract.no_data).any(axis=0)
        if self.contract.tiling.beyond == "fill":
            unseen |= beyond
        tile = np.clip(values.transpose(1, 2, 0).astype(np.float32), self._low, self._high)
        tile = tile * self._scale + self._offset
        tile[unseen] = self.contract.fill
        self._interpreter.set_tensor(self._input, tile[None])
        self._interpreter.invoke()
        answers = [self._interpreter.get_tensor(index)[0, ..., 0] for index in self._outputs]
        return np.where(unseen, np.float32(np.nan), np.stack(answers))


def map_bare(bundle: Path, flavour: str, scene: Path, target: Path) -> int:
    """Map a scene.

    Parameters
    ----------
    bundle : Path
        Of a raster model that gives one number a pixel.
    flavour : str
        One of its TFLite flavours.
    scene : Path
        GeoTIFF with the contract's bands in the contract's order.
    target : Path
        Raw float32 [H, W, outputs].

    Returns
    -------
    int
        How many tiles were answered.
    """
    rasterio = geo_library("rasterio")
    with open_bundle(bundle) as opened, rasterio.open(scene) as file, target.open("wb") as out:
        model = BareTiles(opened, flavour)
        height, width = model.contract.height, model.contract.width
        tiles = plan_tiles(model.contract, file.height, file.width, (height, width))
        for row, top in enumerate(tiles.rows.starts):
            down = seen_lines(top, height, file.height)
            first, end = tiles.rows.own(row)
            strips = []
            for column, left in enumerate(tiles.columns.starts):
                across = seen_lines(left, width, file.width)
                window = rasterio.windows.Window.from_slices(
                    (down.first, down.end), (across.first, across.end)
                )
                values = file.read(window=window)[:, down.places[:, None], across.places]
                answer = model.answer(values, down.beyond[:, None] | across.beyond)
                start, stop = tiles.columns.own(column)
                strips.append(answer[:, first - top : end - top, start - left : stop - left])
            out.write(np.concatenate(strips, axis=2).transpose(1, 2, 0).tobytes())
    return tiles.count


def main(arguments: list[str] | None = None) -> int:
    """Map a scene."""
    parser = argparse.ArgumentParser(prog="python -m fieldpack_benchmarks.bare_scene")
    parser.add_argument("bundle", type=Path)
    parser.add_argument("flavour")
    parser.add_argument("scene", type=Path)
    parser.add_argument("out", type=Path)
    options = parser.parse_args(arguments)
    map_bare(options.bundle, options.flavour, options.scene, options.out)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
