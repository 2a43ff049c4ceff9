"""``fieldpack inspect``: what a bundle is, without running it; of a single file, what ``explain`` says."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from fieldpack.cli.explain import explained
from fieldpack.cli.terminal import Terminal, size_text, table
from fieldpack.errors import InputError


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument("path", type=Path, help="bundle, .fieldpack, .mlpackage, .mlmodel or .tflite")
    parser.add_argument("--layers", action="store_true", help="list the layers of a .tflite by name")


def run(options: argparse.Namespace, terminal: Terminal) -> int:
    """Print what the bundle or file says about itself."""
    from fieldpack.modelfile.location import SUFFIXES

    path: Path = options.path
    if path.suffix == ".tflite" and options.layers:
        document, text = _layers(path)
    elif path.suffix in SUFFIXES:
        document, text = explained(path)
    elif path.is_file() and path.suffix != ".fieldpack":
        raise InputError(
            "inspect does not read this kind of file",
            came=path.name,
            allowed="a bundle folder, .fieldpack, .mlmodel, .tflite or .mlpackage",
        )
    else:
        document, text = _bundle(path)
    terminal.result(document, text)
    return 0


def _bundle(path: Path) -> tuple[dict[str, Any], str]:
    from fieldpack.bundle.read import open_bundle

    with open_bundle(path) as bundle:
        manifest = bundle.manifest
        document = {"digest": bundle.digest, "manifest": manifest.model_dump(mode="json")}
        lines = [
            f"{manifest.name} {manifest.version}: {manifest.description}",
            f"digest   sha256:{bundle.digest}",
            f"license  {manifest.license}",
            *([f"author   {manifest.author}"] if manifest.author else []),
            f"source   {_source(manifest.lineage)}",
            f"golden   {len(manifest.golden.ids)} vectors",
            "",
        ]
        rows = [
            [
                flavour.name,
                flavour.kind.value,
                size_text(flavour.installed_bytes),
                size_text(flavour.download_bytes),
                " then ".join(rule.method.value for rule in flavour.compression.recipe),
                _share(flavour.compression.changed, flavour.compression.unchanged),
                _needs(flavour.requires.tflite_runtime, flavour.requires.ios),
            ]
            for flavour in manifest.flavours
        ]
        header = ("flavour", "kind", "installed", "download", "recipe", "changed", "needs")
        lines.append(table(header, rows, right=(2, 3)))
        lines.append("")
        lines += [_input_line(item) for item in manifest.contract.inputs]
        lines += [_front_end_line(item) for item in manifest.front_ends]
        lines += [_golden_sounds_line(item) for item in manifest.golden_sounds]
        lines += [_encoder_line(item) for item in manifest.encoders]
        for output in manifest.contract.outputs:
            count = len(bundle.labels(output.name))
            what = f"{count} labels" if count else output.unit
            lines.append(f"output {output.name}: {output.activation.value}, {what}")
    return document, "\n".join(lines)


def _source(lineage: Any) -> str:
    digest = lineage.source_digest[:16]
    return f"{lineage.source_kind}, {lineage.source_parameters:,} parameters, sha256:{digest}..."


def _share(changed: int, unchanged: int) -> str:
    return f"{changed} of {changed + unchanged}"


def _needs(runtime: str | None, ios: str | None) -> str:
    if ios is not None:
        return f"iOS {ios}"
    return f"TFLite {runtime}" if runtime is not None else "unknown runtime"


def _input_line(item: Any) -> str:
    shape = "x".join(str(size) for size in item.shape)
    if item.kind == "image":
        scale, offset = item.scale_offset()
        resize = f"{item.resize.method.value}, {item.resize.fit.kind}"
        picture = f"{item.color_order.value} picture {shape} ({item.layout.value})"
        return f"input {item.name}: {picture}, x = pixel * {scale[0]:.6g} + {offset[0]:.6g}, {resize}"
    return f"input {item.name}: {item.kind} {shape}"


def _front_end_line(item: Any) -> str:
    ways = "-".join(item.transforms)
    taken = f", {item.milliseconds[ways]:.3g} ms where it was built" if ways in item.milliseconds else ""
    size, needs = size_text(item.installed_bytes), _needs(item.requires.tflite_runtime, item.requires.ios)
    stored = "" if item.weights.value == "float32" else f" ({item.weights.value.replace('_', ' ')})"
    return (
        f"front-end of {item.input}: {item.kind.value}, {ways}, {size}{stored}{taken}, "
        f"within {item.max_db:.2g} dB of the reference, {needs}"
    )


def _golden_sounds_line(item: Any) -> str:
    names = ", ".join(Path(path).stem for path in item.sounds)
    allowed = " and ".join(
        f"{one.relative:.2g} of a value" if one.relative else f"{one.absolute:.2g}" for one in item.tolerances
    )
    return f"golden sounds of {item.input}: {names}; own front-ends within {allowed} of {item.patches}"


def _encoder_line(item: Any) -> str:
    size, needs = size_text(item.installed_bytes), _needs(item.requires.tflite_runtime, item.requires.ios)
    return (
        f"encoder of {item.input}: {item.kind.value}, from {', '.join(item.fields)}, {size}, "
        f"within {item.max_abs:.2g} of the formula, {needs}"
    )


def _layers(path: Path) -> tuple[dict[str, Any], str]:
    """Every operator with the names of the tensors that it writes, which rules are searched in."""
    from fieldpack.tflite.file import open_model

    model = open_model(path)
    rows = [
        [node.name, ";".join(model.main.tensors[index].name for index in node.outputs)]
        for node in model.main.operators
    ]
    document = {"file": path.name, "layers": [{"operator": row[0], "name": row[1]} for row in rows]}
    return document, table(("operator", "layer"), rows)
