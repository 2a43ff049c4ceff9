"""A source model that is open in this process: facts and one way to run it.

The front of every framework (``keras_source.py``, ``torch_source.py``, ...) returns this
one shape, so that the exporters ask *what* a model is, never *how* it was opened.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fieldpack.errors import SpecError
from fieldpack.spec import SourceKind

Array = NDArray[Any]


@dataclass(frozen=True, slots=True)
class TensorFact:
    """Name, shape (None = free axis) and numpy dtype word of one input or output."""

    name: str
    shape: tuple[int | None, ...]
    dtype: str

    def as_dict(self) -> dict[str, object]:
        return {"name": self.name, "shape": list(self.shape), "dtype": self.dtype}

    def fixed(self, batch: int = 1) -> tuple[int, ...]:
        """The shape with every free axis set to 1 and the batch axis to `batch`."""
        shape = tuple(1 if size is None else size for size in self.shape)
        return (batch, *shape[1:]) if shape else shape


@dataclass(frozen=True, slots=True)
class OpenedSource:
    """An open model.

    Attributes
    ----------
    model : object
        The framework's own object (Keras model, ``torch.nn.Module``, SavedModel).
    call : callable
        Takes one array per input in the source's own layout, batch first, and returns one
        float array per output.
    fixed_batch : int or None
        Set when the model accepts this batch size only.
    """

    kind: SourceKind
    framework: str
    inputs: tuple[TensorFact, ...]
    outputs: tuple[TensorFact, ...]
    parameters: int
    digest: str
    model: Any
    call: Callable[[list[Array]], list[Array]]
    layout: str = "NHWC"
    fixed_batch: int | None = None

    def as_dict(self) -> dict[str, object]:
        """The JSON-able facts, without the model itself."""
        return {
            "framework": self.framework,
            "inputs": [fact.as_dict() for fact in self.inputs],
            "outputs": [fact.as_dict() for fact in self.outputs],
            "parameters": self.parameters,
            "digest": self.digest,
        }


def source_kind(source: dict[str, Any]) -> SourceKind:
    """The kind word of a source dictionary, checked."""
    known = [kind for kind in SourceKind if kind is not SourceKind.TFLITE]  # LiteRT runs those itself
    found = next((kind for kind in known if kind.value == source.get("kind")), None)
    if found is None:
        raise SpecError(
            "The kind of the source model is unknown.",
            came=source.get("kind"),
            allowed=", ".join(kind.value for kind in known),
            hint="set kind in the [source] table",
        )
    return found


def numpy_dtype(word: object) -> str:
    """``float32`` from ``tf.float32``, ``torch.float32`` or ``"float32"``."""
    name = getattr(word, "name", None) or str(word).rsplit(".", 1)[-1]
    return str(np.dtype(str(name)))
