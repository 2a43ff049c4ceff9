"""``fieldpack explain``: what one model file takes, gives and holds, and what can run it."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fieldpack.cli.terminal import Terminal, size_text, table

if TYPE_CHECKING:
    from fieldpack.modelfile.explanation import Explanation

SHOWN = 10
"""Layers that are listed without ``--all``."""
WIDEST_NAME = 72


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument(
        "model", type=Path, help=".mlpackage, .mlmodel or .tflite, or a bundle with --flavour"
    )
    parser.add_argument("--flavour", help="which flavour, when the model is a bundle")
    parser.add_argument("--function", help="which function of a Core ML package; default: its default one")
    parser.add_argument("--all", action="store_true", help=f"list every layer, not the {SHOWN} largest")


def run(options: argparse.Namespace, terminal: Terminal) -> int:
    """Print what the file says about itself."""
    from fieldpack.modelfile.location import located

    with located(options.model, options.flavour) as path:
        document, text = explained(path, function=options.function, everything=options.all)
    terminal.result(document, text)
    return 0


def explained(
    path: Path, *, function: str | None = None, everything: bool = False
) -> tuple[dict[str, Any], str]:
    """The document and the text about one model file; ``fieldpack inspect`` prints the same."""
    from fieldpack.modelfile.explanation import explain

    found = explain(path, function)
    return found.as_dict(), _text(found, everything)


def _text(found: Explanation, everything: bool) -> str:
    lines = [f"{found.file}: {found.format}, {size_text(found.size_bytes)}, needs {found.needs}"]
    lines.append(f"because  {', '.join(found.reasons)}")
    lines += [f"stated   {name}: {value}" for name, value in found.metadata.items()]
    for side, slots in (("input", found.inputs), ("output", found.outputs), ("state", found.states)):
        lines += [f"{side:<8} {slot.as_text()}" for slot in slots]
    if len(found.functions) > 1:
        lines.append(f"has      {', '.join(found.functions)}")
    if found.labels:
        lines.append(f"labels   {len(found.labels)}: {', '.join(found.labels[:3])}, ...")
    lines += [f"tensors  {_counts(found.tensors)}"] if found.tensors else []
    lines.append(f"weights  {_sizes(found)}")
    lines += [f"stored   {_counts(found.compression)}"] if found.compression else []
    lines += [f"engine   {_cover(engine)}" for engine in found.engines]
    rows = [[name, str(count), *_version(found, name)] for name, count in found.operators.items()]
    header = ("operator", "count", *(("version",) if "operator_versions" in found.details else ()))
    lines += ["", table(header, rows, right=range(1, len(header))), "", *_layers(found, everything)]
    return "\n".join(lines).rstrip()


def _counts(counts: dict[str, int]) -> str:
    return ", ".join(f"{count} {name}" for name, count in counts.items())


def _sizes(found: Explanation) -> str:
    parts = ", ".join(f"{size_text(size)} {name}" for name, size in found.weights.items())
    return f"{size_text(found.weight_bytes)}: {parts}" if parts else "none"


def _cover(engine: Any) -> str:
    if engine.runs:
        return f"{engine.engine} runs it"
    lacking = [f"lacks {', '.join(engine.missing)}"] if engine.missing else []
    reasons = [*lacking, *([engine.reason] if engine.reason else [])]
    return f"{engine.engine} does not run it: {'; '.join(reasons)}"


def _version(found: Explanation, name: str) -> list[str]:
    versions = found.details.get("operator_versions")
    return [] if versions is None else [str(versions[name])]


def _layers(found: Explanation, everything: bool) -> list[str]:
    layers = found.largest_layers
    shown = found.layers if everything else layers[:SHOWN]
    rows = [[layer.operator, _cut(layer.name), size_text(layer.weight_bytes)] for layer in shown]
    if not rows:
        return []
    lines = [table(("operator", "layer", "weights"), rows, right=(2,))]
    if not everything and len(found.layers) > len(shown):
        rest = sum(layer.weight_bytes for layer in layers[SHOWN:])
        lines.append(
            f"the largest of {len(found.layers)} layers; the others hold {size_text(rest)}; --all lists all"
        )
    return lines


def _cut(name: str) -> str:
    """A name as long as a line bears; ``--json`` has it whole."""
    return name if len(name) <= WIDEST_NAME else f"{name[: WIDEST_NAME - 3]}..."
