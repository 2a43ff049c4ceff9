"""``fieldpack study sound``: all that is claimed of sound, gathered from its three studies.

The parts are studies of their own (``sound-front-end``, ``sound-recordings``, ``sound-classifiers``); with
``FIELDPACK_STUDIES`` naming a folder, finished parts are read from there (``gathered.py``).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from fieldpack.verdict import Evidence
from fieldpack_benchmarks.gathered import Parts, gathered
from fieldpack_benchmarks.study import Study

STUDIES = "fieldpack_benchmarks.studies"
PARTS: Mapping[str, str] = {
    "sound-front-end": f"{STUDIES}.sound_front_end:study",
    "sound-recordings": f"{STUDIES}.sound_recordings:study",
    "sound-classifiers": f"{STUDIES}.sound_classifiers:study",
}
"""Part -> its function, as in ``pyproject.toml``."""


def study(quick: bool, progress: Callable[[str, float], None]) -> Study:
    """Run or read every part; with `quick` on their samples."""
    return gathered(Parts("sound", PARTS, tuple(PARTS), Evidence.HOST), quick, progress)
