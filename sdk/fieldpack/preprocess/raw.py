"""The forms in which one example may arrive, before anything is prepared."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray
from PIL import Image

Array: TypeAlias = NDArray[Any]
Sound: TypeAlias = tuple[NDArray[np.float32], int]
Place: TypeAlias = tuple[float, float, float | None] | tuple[float, float, float | None, int | None]

Raw: TypeAlias = Path | Array | Image.Image | Sound | Place | Mapping[str, Array]
"""One example as it arrives.

========================  ==========================================================================
file path                 a picture, a sound, a GeoTIFF of one tile, or an ``.npy`` array, by the input's kind
array                     a picture as uint8 RGB [H, W, 3] (or grey [H, W]); a tile of a raster as measured
                          [bands, H, W]; for every other kind the prepared float32 array itself
``PIL.Image``             a picture
(samples, rate)           mono float32 [n] and its sample rate, Hz
(lat, lon, elevation)     degrees, degrees, metres or None; a week 1..48 or None may follow
mapping                   prepared arrays by input name, in the canonical form; the only form for models
                          with several inputs
========================  ==========================================================================
"""
