"""``fieldpack study int8-settings``: which int8 settings lose least, on data that no figure is reported on.

Picture models are judged on the validation split, sound models on every second of their calibration
recordings, and calibrated on the others; the evaluation sets of the specs stay unseen. A spec states the
settings that this study finds best, except where a file would grow beyond its budget.
"""

from __future__ import annotations

import csv
import json
import tempfile
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from fieldpack.budget import Budget, Limits
from fieldpack.build.pipeline import build
from fieldpack.bundle.read import Bundle, open_bundle
from fieldpack.contract import Activation
from fieldpack.data.open import open_data
from fieldpack.errors import SpecError
from fieldpack.recipe import MeanSquaredError, Method, MinMax, Percentile, Ranges, Rule
from fieldpack.spec import Data, DataSource, FolderData, Spec, TableData, TfliteFlavour, load_spec
from fieldpack.verdict import AT_MOST, Evidence
from fieldpack_benchmarks.cases import CASES, INT8, QUICK, Case
from fieldpack_benchmarks.changed_spec import write_spec
from fieldpack_benchmarks.data_root import required_data_root
from fieldpack_benchmarks.study import Bar, Column, Study
from fieldpack_benchmarks.table import Cell

Progress = Callable[[str, float], None]
FILE = "file"
STATED = "as-stated"
NEAR_THE_BEST = 1.1
"""The stated settings may diverge this much more than the best ones found."""
FLOAT = "tflite-float32"
RANGES: dict[str, Ranges] = {
    "min-max": MinMax(kind="min_max"),
    "p99.99": Percentile(kind="percentile", percent=99.99),
    "p99.9": Percentile(kind="percentile", percent=99.9),
    "mse": MeanSquaredError(kind="mse"),
}
COLUMNS = (
    Column("model", "text", "host", "spec in benchmarks/fieldpack_benchmarks/specs"),
    Column("settings", "text", "host", "activation ranges, arithmetic of the scores, bias correction"),
    Column("size_bytes", "bytes", "host", "size of the int8 file"),
    Column("n", "count", "host", "pictures or windows compared"),
    Column("agreement", "fraction", "host", "share with the source model's top-1"),
    Column("mean_kl", "nats", "host", "mean divergence from the source model's scores"),
    Column("centred_cosine", "ratio", "host", "cosine after the source's mean over items is taken off"),
)


def study(quick: bool, progress: Progress) -> Study:
    """Try the settings on every case, or with `quick` on three."""
    required_data_root()
    return settings_of([case for case in CASES if not quick or case.name in QUICK], quick, progress)


def settings_of(cases: Iterable[Case], quick: bool, progress: Progress) -> Study:
    """The study over chosen cases."""
    rows: list[dict[str, Cell]] = []
    bars = []
    for case in cases:
        progress(case.name, 0.0)
        own = _tried(case, progress)
        rows += own
        stated = next(row["mean_kl"] for row in own if row["settings"] == STATED)
        allowed = min(float(row["mean_kl"] or 0) for row in own) * NEAR_THE_BEST
        bars.append(
            Bar(
                f"{case.name}: divergence of the stated settings against {NEAR_THE_BEST} times the best",
                float(stated) if isinstance(stated, int | float) else None,
                allowed,
                AT_MOST,
                Evidence.HOST,
            )
        )
    return Study("int8-settings", COLUMNS, tuple(rows), tuple(bars), quick)


def _tried(case: Case, progress: Progress) -> list[dict[str, Cell]]:
    spec = load_spec(case.spec)
    flavours = [item for item in spec.flavours if item.name == FLOAT] + variants(case, spec)
    with tempfile.TemporaryDirectory(prefix="fieldpack-study-") as folder:
        path, target = Path(folder) / "pack.toml", Path(folder) / "bundle"
        changed = spec.model_copy(
            update={
                "flavours": tuple(flavours),
                "data": apart(spec, Path(folder)),
                "budget": Budget(every=Limits(installed_bytes=2**40)),
            }
        )
        write_spec(changed, path)
        build(path, target, lambda road, stage, done: progress(f"{case.name}: {road}, {stage}", done))
        with open_bundle(target) as bundle:
            return _rows(case, bundle)


def _rows(case: Case, bundle: Bundle) -> list[dict[str, Cell]]:
    evidence = json.loads(bundle.read(bundle.manifest.evidence))["flavours"]
    rows: list[dict[str, Cell]] = []
    for entry in bundle.manifest.flavours:
        if entry.name == FLOAT:
            continue
        found = evidence[entry.name]
        parity = next(iter(found.get("windows", found["runs"])["native"].values()))
        figures: dict[str, Any] = {figure["name"]: figure["value"] for figure in parity["figures"]}
        rows.append(
            {
                "model": case.name,
                "settings": entry.name,
                "size_bytes": entry.installed_bytes,
                "n": parity["items"],
                "agreement": figures["top1_agreement"],
                "mean_kl": figures["mean_kl"],
                "centred_cosine": figures["centred_cosine"],
            }
        )
    return rows


def apart(spec: Spec, folder: Path) -> Data:
    """The spec's data with other examples to judge on: its validation split, or half its calibration files.

    Parameters
    ----------
    spec : Spec
        With ``[data.calibration]``, in files.
    folder : Path
        Where the lists of both halves are written.
    """
    evaluation, calibration = spec.data.evaluation, spec.data.calibration
    if isinstance(evaluation, TableData) and evaluation.where.get("split") == ("test",):
        judged: DataSource = evaluation.model_copy(update={"where": {**evaluation.where, "split": ("val",)}})
    elif isinstance(calibration, TableData | FolderData):
        files = [example.id for example in open_data(calibration, spec.pack.seed)]
        calibration, judged = (
            _listed(files[first::2], Path(calibration.folder), folder / f"half-{first}.csv")
            for first in range(2)
        )
    else:
        raise SpecError("settings are judged on a validation split or on files of the calibration data")
    return spec.data.model_copy(update={"calibration": calibration, "evaluation": judged, "golden": 1})


def _listed(files: list[str], root: Path, manifest: Path) -> TableData:
    with manifest.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([(FILE,), *((name,) for name in files)])
    return TableData(kind="table", manifest=str(manifest), folder=str(root), file_column=FILE)


def variants(case: Case, spec: Spec) -> list[TfliteFlavour]:
    """The spec's own int8 flavour, and others that differ in ranges, scores or bias correction."""
    stated = next(item for item in spec.flavours if isinstance(item, TfliteFlavour) and item.name == INT8)
    head = float_head(case, spec)
    body = tuple(rule for rule in stated.rules if rule not in head)
    found = [stated.model_copy(update={"name": STATED})]
    for name, ranges in RANGES.items():
        for scores, rules in (("", body), ("-float-scores", (*body, *head))):
            for bias in (False, True):
                update = {
                    "name": f"{name}{scores}{'-bias' if bias else ''}",
                    "ranges": ranges,
                    "rules": rules,
                    "bias_correction": bias,
                }
                found.append(stated.model_copy(update=update))
    return found


def float_head(case: Case, spec: Spec) -> tuple[Rule, ...]:
    """Rules that leave the scores unrounded: int8 weights and float sums in the last layer, then float."""
    activation = {Activation.SOFTMAX: "SOFTMAX", Activation.SIGMOID: "LOGISTIC"}
    name = activation.get(spec.contract.outputs[0].activation)
    weighted = Rule(method=Method.DYNAMIC_INT8, layers=case.head, operators=("FULLY_CONNECTED", "CONV_2D"))
    last = () if name is None else (Rule(method=Method.FLOAT32, layers=".*", operators=(name,)),)
    return (weighted, *last)
