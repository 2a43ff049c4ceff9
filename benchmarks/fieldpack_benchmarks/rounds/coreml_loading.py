"""Opening a compressed package: ours and coremltools' reader, in turn in one process.

Every round opens a fresh copy, so that nobody meets a file that he has open already. Theirs is
``milproto.load`` on a model file that was parsed beforehand, which is less than ``open_package``
does: that reads the manifest and the model file itself. Both leave compressed weights compressed.
Making ready to run, all weights decoded, is timed beside it; coremltools has nothing like it here.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from fieldpack.coreml.interpreter import Interpreter
from fieldpack.coreml.package import open_package
from fieldpack_benchmarks.timing import interleaved

OURS, READY, THEIRS = "open_package", "open_package and Interpreter", "milproto.load"


def time_loading(package: Path, rounds: int, warm_ups: int) -> list[dict[str, Any]]:
    """Time all three on copies of one package: name, unit, warm_ups and values of each."""
    with tempfile.TemporaryDirectory() as folder:
        copies = {
            name: iter(
                [_copy(package, Path(folder) / f"{place}-{turn}") for turn in range(rounds + warm_ups)]
            )
            for place, name in enumerate((OURS, READY, THEIRS))
        }
        load = _milproto(package)
        actions: dict[str, Callable[[], object]] = {
            OURS: lambda: open_package(next(copies[OURS])),
            READY: lambda: Interpreter(open_package(next(copies[READY]))),
            THEIRS: lambda: load(next(copies[THEIRS])),
        }
        return [timing.as_dict() for timing in interleaved(actions, rounds, warm_ups).values()]


def _copy(package: Path, parent: Path) -> Path:
    return Path(shutil.copytree(package, parent / package.name))


def _milproto(package: Path) -> Callable[[Path], object]:
    """coremltools' reader on its own parsed model; only the weights come from the copy."""
    import coremltools as ct
    from coremltools.converters.mil.frontend.milproto import load as milproto

    spec = ct.utils.load_spec(str(package))

    def load(copy: Path) -> object:
        weights = copy / "Data" / "com.apple.CoreML" / "weights"
        return milproto.load(spec, spec.specificationVersion, str(weights))

    return load
