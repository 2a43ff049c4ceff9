"""``fieldpack study sound-classifiers``: quantised sound models beside the float ones, on real recordings.

The reference model takes the waveform, so its file holds a front-end and a classifier: beside Fieldpack's
int8, whose front-end stays float, stand the two whole-graph forms that converters give by default. The models
of others stand beside the int8 files that their makers published.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from fieldpack.build.pipeline import build
from fieldpack.bundle.read import open_bundle
from fieldpack.recipe import Method, MinMax
from fieldpack.spec import Spec, TfliteFlavour, load_spec
from fieldpack.verdict import AT_LEAST, Evidence
from fieldpack_benchmarks.cases import CASES, INT8, QUICK_ITEMS, Case
from fieldpack_benchmarks.changed_spec import write_smaller_spec, write_spec
from fieldpack_benchmarks.data_root import required_data_root
from fieldpack_benchmarks.side_by_side import open_side_by_side
from fieldpack_benchmarks.studies import server_models
from fieldpack_benchmarks.studies.compression_int8 import reference_cases
from fieldpack_benchmarks.study import Bar, Study
from fieldpack_benchmarks.table import Cell

Progress = Callable[[str, float], None]
REFERENCE = "sound_torch"
OF_OTHERS = ("yamnet256_esc10", "miniresnet_esc10")
AGREEMENT = 0.99
WHOLE: dict[str, dict[str, Any]] = {
    "whole graph, static int8": {"method": Method.STATIC_INT8, "ranges": MinMax(kind="min_max")},
    "whole graph, dynamic int8": {"method": Method.DYNAMIC_INT8, "ranges": None},
}
"""Row -> the flavour that no rule holds back."""


def study(quick: bool, progress: Progress) -> Study:
    """The reference model and two of others; with `quick` on a seeded sample.

    Raises
    ------
    MissingDependencyError
        The real recordings are not there.
    """
    root = required_data_root()
    cases = [case for case in CASES if case.name in OF_OTHERS]
    others = server_models.study_of(cases, root, quick, progress)
    with tempfile.TemporaryDirectory(prefix="fieldpack-study-") as name:
        rows: list[dict[str, Cell]] = [
            row
            for case in reference_cases(Path(name), (REFERENCE,), "output")
            for row in _whole_and_parts(case, quick, Path(name), progress)
        ]
    rows += [dict(row) for row in others.rows]
    bars = [_agrees(row) for row in rows if row["flavour"] == INT8]
    return Study(
        "sound-classifiers",
        server_models.COLUMNS,
        tuple(rows),
        (*bars, *others.bars),
        quick,
        notes=others.notes,
    )


def _whole_and_parts(case: Case, quick: bool, folder: Path, progress: Progress) -> list[dict[str, Cell]]:
    """Rows of the TFLite flavours that its spec has, and of the whole-graph ones."""
    path = folder / "whole.toml"
    write_spec(_with_whole(load_spec(case.spec)), path)
    if quick:
        write_smaller_spec(load_spec(path), QUICK_ITEMS, path)
    build(path, folder / "whole", lambda road, stage, done: progress(f"{case.name}: {road}, {stage}", done))
    with open_bundle(folder / "whole") as bundle:
        models = open_side_by_side(case, load_spec(path), bundle, folder)
        titles = dict(zip((f"whole{number}" for number in range(len(WHOLE))), WHOLE, strict=True))
        return [
            server_models.row(
                case.name,
                titles.get(entry.name, entry.name),
                entry.installed_bytes,
                models.flavour(bundle, entry.name),
            )
            for entry in bundle.manifest.flavours
        ]


def _with_whole(spec: Spec) -> Spec:
    kept = [item for item in spec.flavours if isinstance(item, TfliteFlavour)]
    int8 = next(item for item in kept if item.name == INT8)
    plain = {"rules": (), "bias_correction": False}
    whole = [
        int8.model_copy(update={"name": f"whole{number}", **plain, **words})
        for number, words in enumerate(WHOLE.values())
    ]
    budget = spec.budget.model_copy(update={"flavours": {}})
    return spec.model_copy(update={"flavours": (*kept, *whole), "budget": budget})


def _agrees(row: dict[str, Cell]) -> Bar:
    agreement = row["agreement"]
    note = f"{row['n']} recordings"
    value = agreement if isinstance(agreement, float) else None
    return Bar(f"{row['model']}: int8 agrees with float", value, AGREEMENT, AT_LEAST, Evidence.HOST, note)
