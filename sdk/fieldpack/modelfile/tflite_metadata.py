"""What standard metadata of a ``.tflite`` file tell ``explain``; damaged ones are told of, not refused."""

from __future__ import annotations

from pathlib import Path
from typing import Any, NamedTuple

from fieldpack.errors import ModelFileError
from fieldpack.tflite.facts import TfliteModel
from fieldpack.tflite.metadata.reading import packed_files, standard_metadata

ABOUT = ("name", "version", "description", "author", "license")


class Stated(NamedTuple):
    """What a file says of itself, and the labels of its first output that has some."""

    words: dict[str, str]
    labels: tuple[str, ...] = ()


def stated_in(path: Path, model: TfliteModel) -> Stated:
    """The words and labels of a file; without standard metadata, the converter's description."""
    try:
        values = standard_metadata(model) or {}
        files = packed_files(path) if values else {}
    except ModelFileError as error:
        return Stated({"description": model.description, "metadata": f"damaged: {error.came}"})
    graph: dict[str, Any] = next(iter(values.get("subgraph_metadata", ())), {})
    words = {"description": model.description, **{name: values[name] for name in ABOUT if name in values}}
    for side in ("input", "output"):
        for tensor in graph.get(f"{side}_tensor_metadata", ()):
            words[f"{side} {tensor.get('name', '')}"] = tensor.get("description", "")
    labels = next(
        filter(None, (_labels(item, files) for item in graph.get("output_tensor_metadata", ()))), ()
    )
    return Stated({name: text for name, text in words.items() if text}, labels)


def _labels(tensor: dict[str, Any], files: dict[str, bytes]) -> tuple[str, ...]:
    for file in tensor.get("associated_files", ()):
        if file.get("type") == "TENSOR_AXIS_LABELS" and file.get("name") in files:
            return tuple(files[file["name"]].decode("utf-8", "backslashreplace").splitlines())
    return ()
