"""What decides a result beside its settings: contents of files, and versions of tools."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping
from contextlib import suppress
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from fieldpack import __version__
from fieldpack.bundle.digest import content_digest, sha256_file
from fieldpack.passes import AnyPass
from fieldpack.spec import Spec, load_spec

TOOLS = (
    "numpy", "pillow", "tensorflow", "tf-keras", "keras", "torch", "torch-pruning", "litert-torch",
    "ai-edge-litert", "ai-edge-quantizer", "coremltools", "onnx", "onnxruntime",
)  # fmt: skip
PLACES = ("path", "python_path")
"""Words of a source that say where it lies."""


def source_origin(source: Mapping[str, Any]) -> dict[str, Any]:
    """How a source is opened, and what is in its file.

    Parameters
    ----------
    source : mapping
        Its words, as worker targets take them.
    """
    return {
        **without_places(source),
        "digest": content_digest(Path(source["path"])),
        "code": code_digest(source),
    }


def code_digest(source: Mapping[str, Any]) -> str | None:
    """Of the file of a PyTorch factory; None where there is none. What that file imports is not seen."""
    factory = source.get("factory")
    if not factory:
        return None
    module = Path(*str(factory).partition(":")[0].split("."))
    for root in (*source.get("python_path", ()), *sys.path):
        for path in (Path(root) / f"{module}.py", Path(root) / module / "__init__.py"):
            if path.is_file():
                return sha256_file(path)
    return None


def without_places(source: Mapping[str, Any]) -> dict[str, Any]:
    """Words of a source without where it lies."""
    return {key: value for key, value in source.items() if key not in PLACES}


def teacher_digests(recipe: Iterable[AnyPass]) -> dict[str, str]:
    """Pack of a teacher -> digest of its source model."""
    parts = [part for step in recipe for part in (step, getattr(step, "teaching", None))]
    paths = {getattr(part, "teacher", "source") for part in parts} - {"source"}
    return {path: content_digest(Path(load_spec(Path(path)).source.path)) for path in sorted(paths)}


def taxonomy_digest(spec: Spec) -> str | None:
    """Of the first output's taxonomy; None where it has none."""
    taxonomy = spec.contract.outputs[0].taxonomy
    return None if taxonomy is None else sha256_file(Path(taxonomy))


def tool_versions() -> dict[str, str]:
    """What is installed of everything that converts, trains or rounds, Fieldpack included."""
    found = {"fieldpack": __version__}
    for name in TOOLS:
        with suppress(PackageNotFoundError):
            found[name] = version(name)
    return found
