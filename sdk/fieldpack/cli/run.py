"""``fieldpack run``: run one model file on arrays or pictures."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from fieldpack.cli.terminal import Terminal, table

EPILOG = """\
A bare model file has no contract: arrays and pixels are fed as they are. NaN in an input is refused.
examples:
  fieldpack run classifier.mlpackage --input photo.png
  fieldpack run model.mlpackage --input x=features.npy --input place=place.npy --precision fp16
  fieldpack run build/meadow-12 --flavour tflite-int8 --input pixels.npy --out build/answer"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.epilog = EPILOG
    add_model_arguments(parser)
    parser.add_argument(
        "--engine", choices=("auto", "reference", "fast"), help="Core ML engine; default: auto"
    )
    parser.add_argument("--precision", choices=("fp32", "fp16"), help="Core ML arithmetic; default: fp32")
    parser.add_argument("--threads", type=_count, default=1, help="threads of the engine (default 1)")
    parser.add_argument(
        "--top", type=_count, default=5, help="how many entries of a vector are shown (default 5)"
    )
    parser.add_argument(
        "--out", type=Path, metavar="FOLDER", help="write outputs as .npy, pictures as .png too"
    )


def add_model_arguments(parser: argparse.ArgumentParser) -> None:
    """What every command takes that feeds a model file."""
    parser.add_argument(
        "model", type=Path, help=".mlpackage, .mlmodel or .tflite, or a bundle with --flavour"
    )
    parser.add_argument(
        "--input",
        action="append",
        default=[],
        metavar="[NAME=]FILE",
        help=".npy, .npz or picture; once for each input",
    )
    parser.add_argument("--flavour", help="which flavour, when the model is a bundle")
    parser.add_argument("--function", help="which function of a Core ML package; default: its default one")


def run(options: argparse.Namespace, terminal: Terminal) -> int:
    """Run once and print what came out."""
    from fieldpack.modelfile.given import read_inputs
    from fieldpack.modelfile.location import located
    from fieldpack.modelfile.opened import open_model
    from fieldpack.modelfile.saving import save_outputs
    from fieldpack.modelfile.summary import summarise

    with located(options.model, options.flavour) as path:
        model = open_model(
            path,
            precision=options.precision,
            engine=options.engine,
            function=options.function,
            threads=options.threads,
        )
        given = read_inputs(model.inputs, options.input)
        outputs = model.run(given.arrays)
    facts = [item.as_dict() for item in summarise(outputs, model.labels, options.top)]
    written = save_outputs(options.out, outputs, model.outputs) if options.out else []
    document: dict[str, Any] = {
        "model": str(options.model),
        "engine": model.engine,
        "precision": model.precision,
        "evidence": model.evidence.value,
        "notes": list(given.notes),
        "outputs": facts,
        "written": [str(item) for item in written],
    }
    terminal.result(document, _text(document))
    return 0


def _count(text: str) -> int:
    """At least one."""
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError(f"{number} is below 1")
    return number


def _text(document: dict[str, Any]) -> str:
    engine = f"engine {document['engine']}, precision {document['precision']}"
    lines = [f"{document['model']}: {engine}, evidence {document['evidence']}"]
    lines += [f"note: {note}" for note in document["notes"]]
    lines += ["", table(("output", "dtype", "shape", "min", "max", "mean", ""), _rows(document["outputs"]))]
    for item in document["outputs"]:
        if item["top"]:
            rows = [[str(top["index"]), top["label"] or "", f"{top['value']:.6g}"] for top in item["top"]]
            lines += [
                "",
                f"largest of {item['name']}",
                table(("index", "label", "value"), rows, right=(0, 2)),
            ]
    lines += [f"\nwritten  {', '.join(document['written'])}"] if document["written"] else []
    return "\n".join(lines)


def _rows(facts: list[dict[str, Any]]) -> list[list[str]]:
    rows = []
    for item in facts:
        figures = ["-" if item[key] is None else f"{item[key]:.6g}" for key in ("min", "max", "mean")]
        said = f"{item['not_finite']} values are NaN or infinite" if item["not_finite"] else ""
        if item["value"] is not None and item["min"] is None:
            said = str(item["value"])
        rows.append([item["name"], item["dtype"], str(item["shape"]), *figures, said])
    return rows
