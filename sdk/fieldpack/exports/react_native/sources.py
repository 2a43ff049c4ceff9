"""What fills the marks of the TypeScript sources: typed inputs and answers, and the facts of one bundle."""

from __future__ import annotations

import json
import math
from typing import Any

from fieldpack.bundle.manifest import Border, FlavourEntry
from fieldpack.bundle.read import Bundle
from fieldpack.exports.app_files import AppFiles, FrontEnd, Words
from fieldpack.exports.rules import KINDS
from fieldpack.phone_projects.index import position_of

TYPES = {
    "image": ("Pixels", "ImageInput"),
    "waveform": ("Recording", "WaveformInput"),
    "spectrogram": ("Recording", "SpectrogramInput"),
    "location": ("Place", "LocationInput"),
    "raster": ("Tile", "RasterInput"),
    "tensor": ("ArrayLike<number>", "TensorInput"),
}
"""What an app gives, and the type of the contract's input."""
EXAMPLES = {
    "picture": "fromRgba(width, height, rgba)",
    "recording": "{ sampleRateHz: 48000, channels: [samples] }",
    "place": "{ latitudeDegrees, longitudeDegrees }",
    "tile": "{ bands }",
    "numbers": "numbers",
}


def sources(bundle: Bundle, flavour: FlavourEntry, app: AppFiles) -> dict[str, str]:
    """Mark -> TypeScript; every value is JSON in ASCII."""
    manifest = bundle.manifest
    inputs, outputs = manifest.contract.inputs, manifest.contract.outputs
    windows = [getattr(item, "front_end", None) for item in inputs]
    pooling = next((item.windows.pooling for item in windows if item is not None), "mean")
    calls = [_call(number, item.name, item.kind, app) for number, item in enumerate(inputs)]
    rules = [
        f"export const INPUT_{number} = {_json(item)} as {TYPES[item.kind][1]};"
        for number, item in enumerate(inputs)
    ]
    return {
        "NAME_TEXT": json.dumps(manifest.name),
        "VERSION_TEXT": json.dumps(manifest.version),
        "INPUT_FIELDS": "\n".join(f"  readonly {item.name}: {TYPES[item.kind][0]};" for item in inputs),
        "OUTPUT_FIELDS": "\n".join(f"  readonly {item.name}: Answer;" for item in outputs),
        "INPUT_NAMES": json.dumps([item.name for item in inputs]),
        "INPUT_KINDS": json.dumps([KINDS[item.kind] for item in inputs]),
        "PREPARED": "\n".join(f"  {call}," for call in calls),
        "ANSWERS": "\n".join(f"    {item.name}: answer({n}, pooled)," for n, item in enumerate(outputs)),
        "RULES": "\n".join(rules),
        "INPUT_BORDERS": _borders(flavour.inputs),
        "OUTPUT_BORDERS": _borders(flavour.outputs),
        "INPUT_POSITIONS": json.dumps([position_of(item, app.inputs) for item in flavour.inputs]),
        "OUTPUT_POSITIONS": json.dumps([position_of(item, app.outputs) for item in flavour.outputs]),
        "OUTPUT_RULES": "".join(f"\n  {_json(item)} as Output," for item in outputs),
        "FRONT_ENDS": "".join(f"\n  {_front_end(item)}," for item in app.front_ends),
        "WORDS": "".join(f"\n  {_words(app, item)}," for item in app.words),
        "POOLING": json.dumps(pooling) if isinstance(pooling, str) else _json(pooling),
        "FRONT_END_IMPORTS": "".join(
            f'import frontEnd{n} from "../assets/front_end_{n}.tflite";\n'
            for n, item in enumerate(app.front_ends)
            if item is not None
        ),
        "FRONT_END_ASSETS": ", ".join(
            "null" if item is None else f"frontEnd{n}" for n, item in enumerate(app.front_ends)
        ),
    }


def _call(number: int, name: str, kind: str, app: AppFiles) -> str:
    """The preparation of an input: a function of the inputs of an example."""
    front_end = app.front_ends[number]
    given, more = ("inputs, cells", ", cells") if kind == "location" else ("inputs", "")
    if front_end is not None:
        more = f", {math.prod(front_end.entry.inputs[0].item_shape)}"
    return f"({given}) => kinds.{KINDS[kind]}(inputs.{name}, facts.INPUT_{number}{more})"


def _json(value: Any) -> str:
    return json.dumps(value.model_dump(mode="json"), allow_nan=False)


def _borders(borders: tuple[Border, ...]) -> str:
    return "".join(f"\n  {_json(item)}," for item in borders)


def _front_end(front_end: FrontEnd | None) -> str:
    if front_end is None:
        return "null"
    entry = front_end.entry
    return f"{{ input: {_json(entry.inputs[0])}, output: {_json(entry.outputs[0])} }}"


def _words(app: AppFiles, words: Words) -> str:
    """Labels, thresholds (null for none) and taxa of an output, from the files that other platforms take."""
    limits = [float(text) for text in _lines(app, words.thresholds)]
    taxa = [line.split("\t", 3) for line in _lines(app, words.taxonomy)]
    told = {
        "labels": _lines(app, words.labels),
        "thresholds": [None if math.isnan(value) else value for value in limits],
        "taxa": [_taxon(*cells) for cells in taxa],
    }
    return json.dumps(told, allow_nan=False)


def _taxon(parent: str, leaf: str, rank: str, name: str) -> dict[str, Any]:
    scored = None if leaf == "-1" else int(leaf)
    return {
        "name": name,
        "common": None,
        "rank": None if rank == "nan" else rank,
        "parent": int(parent),
        "leaf": scored,
    }


def _lines(app: AppFiles, path: str) -> list[str]:
    return app.files[path].decode("utf-8").split("\n")[:-1] if path else []
