"""``fieldpack study compression``: all that is claimed of compression, gathered from its three studies.

The parts are studies of their own (``compression-int8``, ``compression-head``, ``compression-search``); with
``FIELDPACK_STUDIES`` naming a folder, finished parts are read from there (``gathered.py``).
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
    "compression-search": f"{STUDIES}.compression_search:study",
}
"""Part -> its function, as in ``pyproject.toml``."""


def study(quick: bool, progress: Callable[[str, float], None]) -> Study:
    """Run or read every part; with `quick` all of them, on their samples."""
    return gathered(Parts("compression", PARTS, tuple(PARTS), Evidence.HOST), quick, progress)
