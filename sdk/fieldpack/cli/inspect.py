"""``fieldpack inspect``: what a bundle or a model file is, without running it."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from fieldpack.cli.terminal import Terminal, size_text, table
from fieldpack.errors import InputError


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument("path", type=Path, help="bundle, .fieldpack, .tflite or .mlpackage")
    parser.add_argument("--layers", action="store_true", help="list the layers of a .tflite by name")


def run(options: argparse.Namespace, terminal: Terminal) -> int:
    """Print what the file says about itself."""
    path: Path = options.path
    if path.suffix == ".tflite":
        document, text = _layers(path) if options.layers else _tflite(path)
    elif path.suffix == ".mlpackage":
        document, text = _package(path)
    elif path.is_file() and path.suffix != ".fieldpack":
        raise InputError(
            "inspect does not read this kind of file",
            came=path.name,
            allowed="a bundle folder, .fieldpack, .tflite or .mlpackage",
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


def _tflite(path: Path) -> tuple[dict[str, Any], str]:
    from fieldpack.tflite.file import open_model
    from fieldpack.tflite.runtime_version import minimum_runtime

    model = open_model(path)
    needed = minimum_runtime(model)
    borders: list[dict[str, Any]] = [
        {
            "side": side,
            "name": name,
            "shape": list(tensor.shape),
            "dtype": tensor.dtype,
            "scale": list(tensor.scale),
            "zero_point": list(tensor.zero_point),
        }
        for side, names, tensors in (
            ("input", model.input_names, model.inputs),
            ("output", model.output_names, model.outputs),
        )
        for name, tensor in zip(names, tensors, strict=True)
    ]
    document = {
        "file": path.name,
        "size_bytes": model.file_bytes,
        "weight_bytes": model.weight_bytes_by_dtype(),
        "operators": model.op_histogram(),
        "operator_versions": model.op_versions(),
        "custom_operators": list(model.custom_ops),
        "minimum_runtime": needed.version,
        "unknown_operators": list(needed.unknown),
        "borders": borders,
    }
    weights = ", ".join(f"{size_text(size)} {dtype}" for dtype, size in model.weight_bytes_by_dtype().items())
    lines = [
        f"{path.name}: TFLite, {size_text(model.file_bytes)}, needs TFLite {needed.version or 'unknown'}",
        f"weights  {weights}",
    ]
    lines += [f"unknown  {name}" for name in needed.unknown]
    lines += [
        f"{item['side']:<8} {item['name']} {item['dtype']} {item['shape']}"
        + (f" scale {item['scale'][0]:.6g} zero {item['zero_point'][0]}" if item["scale"] else "")
        for item in borders
    ]
    rows = [
        [name, str(count), str(model.op_versions()[name])] for name, count in model.op_histogram().items()
    ]
    lines += ["", table(("operator", "count", "version"), rows, right=(1, 2))]
    return document, "\n".join(lines)


def _package(path: Path) -> tuple[dict[str, Any], str]:
    from fieldpack.coreml.package import open_package

    package = open_package(path)
    features = [
        {"side": side, "name": item.name, "kind": item.kind, "shape": list(item.shape), "dtype": item.dtype}
        for side, items in (("input", package.inputs), ("output", package.outputs))
        for item in items
    ]
    document = {
        "file": path.name,
        "specification_version": package.specification_version,
        "minimum_ios": package.minimum_ios,
        "weight_bytes": package.weight_bytes,
        "operators": package.op_histogram(),
        "features": features,
    }
    lines = [
        f"{path.name}: Core ML, weights {size_text(package.weight_bytes)}, needs iOS {package.minimum_ios}",
        *[
            f"{item['side']:<8} {item['name']} {item['kind']} {item['dtype']} {item['shape']}"
            for item in features
        ],
        "",
        table(("operator", "count"), [[k, str(v)] for k, v in package.op_histogram().items()], right=(1,)),
    ]
    return document, "\n".join(lines)
