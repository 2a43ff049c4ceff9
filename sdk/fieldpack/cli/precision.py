"""``fieldpack precision``: what half precision costs a Core ML package, operator by operator."""

from __future__ import annotations

import argparse
import math
from typing import TYPE_CHECKING, Any

from fieldpack.cli.run import add_model_arguments
from fieldpack.cli.terminal import Terminal, table

if TYPE_CHECKING:
    from fieldpack.coreml.package import Package
    from fieldpack.coreml.precision_report import OperationPrecision, PrecisionReport

EPILOG = """\
Each operator is compared between float32 and float16-rounded execution of the same program.
  own          what it would lose if everything before it were exact
  accumulated  what has been lost when its result is there
Both are the largest difference over the largest value of the result; of integers, the share that
changed. Without --input the samples are random, which says so; real inputs say more.
examples:
  fieldpack precision place.mlpackage --samples 32
  fieldpack precision build/meadow-12 --flavour coreml-fp16 --input photo.png"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.epilog = EPILOG
    add_model_arguments(parser)
    parser.add_argument(
        "--samples", type=_count, default=8, help="random samples without --input (default 8)"
    )
    parser.add_argument("--seed", type=int, default=0, help="of the random samples (default 0)")
    parser.add_argument(
        "--range",
        type=_bounds,
        default=(-1.0, 1.0),
        metavar="LOW:HIGH",
        help="of random floats (default -1:1)",
    )
    parser.add_argument("--all", action="store_true", help="list every operator, not the costliest 12")


def run(options: argparse.Namespace, terminal: Terminal) -> int:
    """Print the report; 0 whatever it finds, since no limit is held against it."""
    from fieldpack.coreml.package import open_package
    from fieldpack.coreml.precision_report import report_precision
    from fieldpack.errors import UnsupportedError
    from fieldpack.modelfile.given import read_inputs
    from fieldpack.modelfile.location import located
    from fieldpack.modelfile.opened import coreml_slot
    from fieldpack.modelfile.sampling import sample_inputs, sampling_text

    with located(options.model, options.flavour) as path:
        if path.suffix == ".tflite":
            raise UnsupportedError(
                "The precision report is about Core ML packages",
                came=path.name,
                allowed=".mlpackage",
                hint="the layer errors of a TFLite flavour stand in the report of its bundle",
            )
        package = open_package(path, options.function)
        slots = [coreml_slot(feature) for feature in package.inputs]
        if options.input:
            given = read_inputs(slots, options.input)
            samples, source = iter([given.arrays]), f"1 sample from {', '.join(options.input)}"
        else:
            samples = sample_inputs(slots, options.samples, options.seed, options.range)
            source = sampling_text(slots, options.samples, options.seed, options.range)
        report = report_precision(
            package, samples, lambda done: terminal.progress("precision", package.path.name, done)
        )
    notes = _notes(package, report)
    document = {"model": str(options.model), "evidence": "reference", "inputs": source, "notes": notes}
    terminal.result(document | _document(report), _text(document, report, options.all))
    return 0


def _count(text: str) -> int:
    """At least one."""
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError(f"{number} is below 1")
    return number


def _bounds(text: str) -> tuple[float, float]:
    """``LOW:HIGH``, finite and in order."""
    low, _, high = text.partition(":")
    try:
        bounds = float(low), float(high)
    except ValueError:
        bounds = math.nan, math.nan
    if not (math.isfinite(bounds[0]) and math.isfinite(bounds[1]) and bounds[0] < bounds[1]):
        raise argparse.ArgumentTypeError(f"{text!r} is not LOW:HIGH")
    return bounds


def _notes(package: Package, report: PrecisionReport) -> list[str]:
    """What a reader must know before the figures."""
    notes = []
    if report.assumed:
        notes.append("the package holds no half floats; looked at as if every float, weights too, were one")
    narrow = [item.name for item in package.inputs if item.kind == "multiarray" and item.dtype == "float16"]
    if narrow and not report.assumed:
        notes.append(
            f"inputs {', '.join(narrow)} are float16: what an app gives is rounded before this begins"
        )
    return notes


def _document(report: PrecisionReport) -> dict[str, Any]:
    return {
        "samples": report.samples,
        "assumed_half": report.assumed,
        "outputs": {name: _number(value) for name, value in report.outputs.items()},
        "float32_layers": report.islands,
        "operations": [
            {
                "operator": row.operator,
                "name": row.name,
                "dtype": row.dtype,
                "scale": row.scale,
                "own": _number(row.own),
                "accumulated": _number(row.accumulated),
                "risks": [{"kind": risk.kind.value, "reason": risk.reason} for risk in row.risks],
            }
            for row in report.operations
        ],
    }


def _number(value: float) -> float | str:
    """A figure as JSON has it: no infinity."""
    return value if math.isfinite(value) else "infinite"


def _text(document: dict[str, Any], report: PrecisionReport, everything: bool) -> str:
    lines = [f"{document['model']}: float32 against float16-rounded, evidence reference"]
    lines += [f"inputs   {document['inputs']}", *(f"note: {note}" for note in document["notes"])]
    lines += [f"output   {name}: {value:.2g} of its largest value" for name, value in report.outputs.items()]
    rows = list(report.operations)
    if not everything:
        rows = sorted(rows, key=lambda row: -row.own)[:12]
    lines += ["", _table(rows)]
    if len(rows) < len(report.operations):
        lines.append(
            f"the {len(rows)} costliest of {len(report.operations)} operators; --all lists them in order"
        )
    lines += ["", *_risks(report)]
    return "\n".join(lines)


def _table(rows: list[OperationPrecision]) -> str:
    cells = [
        [
            row.operator,
            row.name,
            row.dtype,
            f"{row.scale:.3g}",
            f"{row.own:.2g}",
            f"{row.accumulated:.2g}",
            ", ".join(risk.kind.value for risk in row.risks),
        ]
        for row in rows
    ]
    header = ("operator", "name", "dtype", "largest", "own", "accumulated", "at risk")
    return table(header, cells, right=(3, 4, 5))


def _risks(report: PrecisionReport) -> list[str]:
    if not report.at_risk:
        return ["no operator is at risk on these inputs"]
    lines = ["at risk"]
    lines += [f"  {row.operator} {row.name}: {r.reason}" for row in report.at_risk for r in row.risks]
    if report.islands is not None:
        lines += ["", "to keep them in float32, in the coreml flavour of pack.toml:"]
        lines.append(f"float32_layers = '{report.islands}'")
    return lines
