"""The least code that answers a picture: Pillow decodes and resizes, LiteRT runs, numpy sorts.

What :class:`fieldpack.predict.Predictor` costs is measured against this.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from fieldpack.bundle.read import Bundle


class BarePrediction:
    """A TFLite flavour that takes pixels 0..255, without checks.

    Parameters
    ----------
    bundle : Bundle
        An open bundle of one picture model.
    flavour : str
        One of its TFLite flavours, with the scaling in the graph.
    """

    def __init__(self, bundle: Bundle, flavour: str) -> None:
        from ai_edge_litert.interpreter import Interpreter

        entry = next(item for item in bundle.manifest.flavours if item.name == flavour)
        self._interpreter = Interpreter(str(bundle.path(entry.path)), num_threads=1)
        self._interpreter.allocate_tensors()
        taken = self._interpreter.get_input_details()[0]
        self._input = taken["index"]
        self._size = (int(taken["shape"][2]), int(taken["shape"][1]))
        self._output = self._interpreter.get_output_details()[0]["index"]
        self._labels = bundle.labels(bundle.manifest.contract.outputs[0].name)

    def ranked(self, picture: Path, top: int = 5) -> list[tuple[str, float]]:
        """The best `top` labels, highest first."""
        from PIL import Image

        with Image.open(picture) as opened:
            picture_rgb = opened if opened.mode == "RGB" else opened.convert("RGB")
            pixels = picture_rgb.resize(self._size, Image.Resampling.BILINEAR)
        self._interpreter.set_tensor(self._input, np.asarray(pixels, np.float32)[None])
        self._interpreter.invoke()
        scores = self._interpreter.get_tensor(self._output)[0]
        return [(self._labels[index], float(scores[index])) for index in np.argsort(-scores)[:top]]
