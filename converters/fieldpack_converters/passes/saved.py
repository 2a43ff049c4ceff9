"""A compressed model back on disk, in words that every other worker target opens."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from fieldpack.spec import SourceKind
from fieldpack_converters.opened_source import OpenedSource


def save(opened: OpenedSource, source: dict[str, Any], folder: Path) -> dict[str, Any]:
    """Write the model and return its source words.

    Keras models hold their structure. A PyTorch model is its factory and a state dict, whose shapes
    tell what was pruned or factored (see ``torch_structure``); one without a factory is exported.
    """
    if not opened.kind.is_torch:
        legacy = opened.kind is SourceKind.KERAS_LEGACY
        path = folder / ("compressed.h5" if legacy else "compressed.keras")
        opened.model.save(str(path))
        kind = SourceKind.KERAS_LEGACY if legacy else SourceKind.KERAS
        return {**source, "kind": kind.value, "path": str(path)}
    import torch

    if opened.kind is SourceKind.TORCH:
        path = folder / "compressed.pt"
        torch.save(opened.model.state_dict(), path)
        return {**source, "path": str(path), "strip_prefix": None, "compressed": True}
    path = folder / "compressed.pt2"
    sample = tuple(torch.from_numpy(np.zeros(fact.fixed(), fact.dtype)) for fact in opened.inputs)
    torch.export.save(torch.export.export(opened.model, sample), str(path))
    return {**source, "kind": SourceKind.TORCH_EXPORT.value, "path": str(path), "constants": {}}
