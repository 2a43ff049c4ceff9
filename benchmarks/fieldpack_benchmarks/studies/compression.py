"""``fieldpack study compression``: all that is claimed of compression, gathered from its four studies.

The parts are studies of their own (``compression-int8``, ``compression-head``, ``compression-quarter``,
``compression-search``); with ``FIELDPACK_STUDIES`` naming a folder, finished parts are read from there
(``gathered.py``).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from fieldpack.verdict import Evidence
from fieldpack_benchmarks.gathered import Parts, gathered
from fieldpack_benchmarks.study import Study

STUDIES = "fieldpack_benchmarks.studies"
PARTS: Mapping[str, str] = {
    "compression-int8": f"{STUDIES}.compression_int8:study",
    "compression-head": f"{STUDIES}.compression_head:study",
    "compression-quarter": f"{STUDIES}.compression_quarter:study",
    "compression-search": f"{STUDIES}.compression_search:study",
}
"""Part -> its function, as in ``pyproject.toml``."""
TRAINS = "compression-quarter"
"""Takes an hour, and no quick sample of it says anything."""


def study(quick: bool, progress: Callable[[str, float], None]) -> Study:
    """Run or read every part; with `quick` those that do not train, on their samples."""
    short = tuple(name for name in PARTS if name != TRAINS)
    return gathered(Parts("compression", PARTS, short, Evidence.HOST), quick, progress)
