"""``fieldpack study geo``: all that is claimed of places, rasters and the exported directory.

The parts are studies of their own (``geo-range``, ``geo-raster``, ``geo-export``); with ``FIELDPACK_STUDIES``
naming a folder, finished parts are read from there (``gathered.py``).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from fieldpack.verdict import Evidence
from fieldpack_benchmarks.gathered import Parts, gathered
from fieldpack_benchmarks.study import Study

STUDIES = "fieldpack_benchmarks.studies"
PARTS: Mapping[str, str] = {
    "geo-range": f"{STUDIES}.geo_range:study",
    "geo-raster": f"{STUDIES}.geo_raster:study",
    "geo-export": f"{STUDIES}.geo_export:study",
}
"""Part -> its function, as in ``pyproject.toml``."""


def study(quick: bool, progress: Callable[[str, float], None]) -> Study:
    """Run or read every part; with `quick` on their samples."""
    return gathered(Parts("geo", PARTS, tuple(PARTS), Evidence.HOST), quick, progress)
