"""``fieldpack study coreml``: all that is claimed of the Core ML runtime, gathered from its four studies.

The parts are studies of their own (``coreml-families``, ``coreml-conformance``, ``coreml-mutation``,
``coreml-fuzz``); together they take hours. With the environment variable ``FIELDPACK_STUDIES``
naming a folder, the record of each finished part is kept there and is not made again while the
versions stay the same; ``fieldpack study PART --json FOLDER/PART.json`` writes such a record too.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from fieldpack.verdict import Evidence
from fieldpack_benchmarks.gathered import FOLDER, Parts, gathered
from fieldpack_benchmarks.study import Study

__all__ = ["FOLDER", "PARTS", "QUICK", "study"]

Progress = Callable[[str, float], None]
STUDIES = "fieldpack_benchmarks.studies"
PARTS: Mapping[str, str] = {
    "coreml-families": f"{STUDIES}.coreml_families:study",
    "coreml-conformance": f"{STUDIES}.coreml_conformance:study",
    "coreml-mutation": f"{STUDIES}.coreml_mutation:study",
    "coreml-fuzz": f"{STUDIES}.coreml_fuzz:study",
}
"""Part -> its function, as in ``pyproject.toml``."""
QUICK = ("coreml-families", "coreml-fuzz")


def study(quick: bool, progress: Progress) -> Study:
    """Run or read every part; with `quick` two of them, on their samples.

    Raises
    ------
    InputError
        A record in the folder is of other versions, or of a quick run.
    FieldpackError
        Whatever a part raises.
    """
    return gathered(Parts("coreml", PARTS, QUICK, Evidence.REFERENCE), quick, progress)
