"""``fieldpack study coreml-quantisation``: what each Core ML method keeps of a real model, and its size.

The methods stand beside the TFLite int8 file of the same spec, on the evaluation data of the spec, all made
from the source model as it is, without the spec's recipe.
Nothing is chosen by these figures. The bars hold what the methods promise: smaller files than half
floats, and 8-bit weights and activations that agree with the source about as often as TFLite's.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, Literal

from fieldpack.budget import Budget, Limits
from fieldpack.build.pipeline import build
from fieldpack.bundle.manifest import FlavourKind
from fieldpack.bundle.read import Bundle, open_bundle
from fieldpack.recipe import MeanSquaredError
from fieldpack.spec import COREML_METHOD_IOS, CoremlFlavour, Precision, Spec, load_spec
from fieldpack.verdict import AT_LEAST, AT_MOST, Evidence
from fieldpack_benchmarks.cases import CASES, INT8, Case
from fieldpack_benchmarks.changed_spec import write_spec
from fieldpack_benchmarks.data_root import required_data_root
from fieldpack_benchmarks.study import BY_ROW, Bar, Column, Study
from fieldpack_benchmarks.table import Cell

Progress = Callable[[str, float], None]
CoremlMethod = Literal["float", "weight_int8", "weight_int4", "palette", "static_int8"]
NAMES = ("vww_96", "cifar_resnet20", "mobilenet_v1_025")
FLOAT16, W8A8 = "float16", "static_int8"
BEHIND_TFLITE = 0.05
"""W8A8 may agree with the source this much less often than TFLite int8: other operators stay float."""
COLUMNS = (
    Column("model", "text", "host", "spec in benchmarks/fieldpack_benchmarks/specs"),
    Column("method", "text", "host", "method of the Core ML flavour, or tflite-int8"),
    Column("size_bytes", "bytes", "host", "installed size of the flavour"),
    Column("n", "count", "host", "examples compared"),
    Column("agreement", "fraction", BY_ROW, "share with the source model's top-1"),
    Column("mean_kl", "nats", BY_ROW, "mean divergence from the source model's scores"),
    Column("evidence", "text", "host", "where agreement and divergence come from"),
)


def study(quick: bool, progress: Progress) -> Study:
    """All methods on three models, or with `quick` on the smallest one."""
    required_data_root()
    wanted = NAMES[:1] if quick else NAMES
    return methods_of([case for case in CASES if case.name in wanted], quick, progress)


def methods_of(cases: Iterable[Case], quick: bool, progress: Progress) -> Study:
    """The study over chosen cases."""
    rows: list[dict[str, Cell]] = []
    bars: list[Bar] = []
    for case in cases:
        own = _tried(case, progress)
        rows += own
        bars += _bars(case.name, {str(row["method"]): row for row in own})
    return Study("coreml-quantisation", COLUMNS, tuple(rows), tuple(bars), quick)


def _bars(name: str, rows: dict[str, dict[str, Cell]]) -> list[Bar]:
    def number(method: str, column: str) -> float:
        return float(rows[method][column] or 0)

    largest = max(number(method, "size_bytes") for method in rows if method not in (FLOAT16, INT8))
    return [
        Bar(
            f"{name}: largest compressed package against half floats, bytes",
            largest,
            number(FLOAT16, "size_bytes"),
            AT_MOST,
            Evidence.HOST,
        ),
        Bar(
            f"{name}: agreement of {W8A8} against TFLite int8 less {BEHIND_TFLITE}",
            number(W8A8, "agreement"),
            number(INT8, "agreement") - BEHIND_TFLITE,
            AT_LEAST,
            Evidence.REFERENCE,
        ),
    ]


def flavours(spec: Spec) -> tuple[CoremlFlavour, ...]:
    """One Core ML flavour a method, with the border of the spec's own."""
    own = next(item for item in spec.flavours if isinstance(item, CoremlFlavour))

    def one(name: str, method: CoremlMethod, **settings: Any) -> CoremlFlavour:
        minimum = 18 if settings.get("group_size") else max(16, COREML_METHOD_IOS[method])
        return CoremlFlavour.model_validate(
            {
                "kind": "coreml",
                "name": name,
                "method": method,
                "precision": Precision.FLOAT16,
                "minimum_ios": str(minimum),
                "fold_scaling": own.fold_scaling,
                **settings,
            }
        )

    return (
        one(FLOAT16, "float"),
        one("weight_int8", "weight_int8"),
        one("weight_int4-block8", "weight_int4", block_size=8),
        one("palette-6", "palette", palette_bits=6),
        one("palette-4", "palette", palette_bits=4),
        one("palette-4-group8", "palette", palette_bits=4, group_size=8),
        one(W8A8, "static_int8", ranges=MeanSquaredError(kind="mse")),
    )


def _tried(case: Case, progress: Progress) -> list[dict[str, Cell]]:
    spec = load_spec(case.spec)
    changed = spec.model_copy(
        update={
            "recipe": (),
            "flavours": (*(item for item in spec.flavours if item.name == INT8), *flavours(spec)),
            "budget": Budget(every=Limits(installed_bytes=2**40)),
        }
    )
    with tempfile.TemporaryDirectory(prefix="fieldpack-study-") as folder:
        path, target = Path(folder) / "pack.toml", Path(folder) / "bundle"
        write_spec(changed, path)
        build(path, target, lambda road, stage, done: progress(f"{case.name}: {road}, {stage}", done))
        with open_bundle(target) as bundle:
            return _rows(case, bundle)


def _rows(case: Case, bundle: Bundle) -> list[dict[str, Cell]]:
    evidence = json.loads(bundle.read(bundle.manifest.evidence))["flavours"]
    rows: list[dict[str, Cell]] = []
    for entry in bundle.manifest.flavours:
        found = evidence[entry.name]
        coreml = entry.kind is FlavourKind.COREML
        runs = found.get("windows", found["runs"])["fp32" if coreml else "native"]
        parity = next(iter(runs.values()))
        figures: dict[str, Any] = {figure["name"]: figure["value"] for figure in parity["figures"]}
        rows.append(
            {
                "model": case.name,
                "method": entry.name,
                "size_bytes": entry.installed_bytes,
                "n": parity["items"],
                "agreement": figures["top1_agreement"],
                "mean_kl": figures["mean_kl"],
                "evidence": (Evidence.REFERENCE if coreml else Evidence.HOST).value,
            }
        )
    return rows
