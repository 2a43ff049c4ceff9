"""``fieldpack study delivery``: all that is claimed of what an app gets, gathered from its four studies.

``python -m device_tests.registry fieldpack study delivery`` starts the registry that transfers need; with
``FIELDPACK_STUDIES`` naming a folder, finished parts are read from there (``gathered.py``).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from fieldpack.verdict import Evidence
from fieldpack_benchmarks.gathered import Parts, gathered
from fieldpack_benchmarks.study import Study

STUDIES = "fieldpack_benchmarks.studies"
PARTS: Mapping[str, str] = {
    "delivery-changes": f"{STUDIES}.delivery_parts:changes",
    "delivery-attacks": f"{STUDIES}.delivery_parts:attack",
    "delivery-exports": f"{STUDIES}.delivery_exports:study",
    "delivery-transfers": f"{STUDIES}.delivery_parts:transfer",
}
"""Part -> its function, as in ``pyproject.toml``."""


def study(quick: bool, progress: Callable[[str, float], None]) -> Study:
    """Run or read every part; with `quick` on their samples."""
    return gathered(Parts("delivery", PARTS, tuple(PARTS), Evidence.HOST), quick, progress)
