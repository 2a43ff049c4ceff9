"""One operator of a program, its arguments found: what a translator of ``ops`` is given."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from fieldpack.coreml.neural.writing.network_writer import Blob, NetworkWriter
from fieldpack.coreml.neural.writing.stored import Stored
from fieldpack.errors import UnsupportedError

Value = Blob | Stored | str


@dataclass(frozen=True, slots=True)
class Call:
    """An operator and its arguments.

    Attributes
    ----------
    writer : NetworkWriter
        Where layers go.
    kind : str
        Type of the operator.
    arguments : dict of str to tuple
        Values by parameter; several for variadic ones.
    shapes : tuple of shapes
        Declared shapes of the results.
    """

    writer: NetworkWriter
    kind: str
    arguments: dict[str, tuple[Value, ...]]
    shapes: tuple[tuple[int, ...], ...]

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of the first result."""
        return self.shapes[0]

    def blob(self, name: str) -> Blob:
        """A tensor; a constant becomes a layer."""
        (value,) = self.arguments[name]
        return self.as_blob(value)

    def blobs(self, name: str) -> list[Blob]:
        """The tensors of a variadic parameter."""
        return [self.as_blob(value) for value in self.arguments[name]]

    def as_blob(self, value: Value) -> Blob:
        """A value as a blob."""
        if isinstance(value, Stored):
            return self.writer.constant(value)
        if isinstance(value, str):
            raise self.refuse("takes a text where a tensor belongs")
        return value

    def stored(self, name: str) -> Stored | None:
        """A constant; None where the argument is computed or absent."""
        value = self.arguments.get(name, (None,))[0]
        return value if isinstance(value, Stored) else None

    def weight(self, name: str) -> Stored:
        """A constant that must be one."""
        found = self.stored(name)
        if found is None:
            raise self.refuse(f"computes its {name}")
        return found

    def number(self, name: str, default: float = 0.0) -> float:
        """A constant number."""
        found = self.stored(name)
        return default if found is None else float(found.array.reshape(-1)[0])

    def ints(self, name: str, default: tuple[int, ...] = ()) -> tuple[int, ...]:
        """Constant whole numbers."""
        found = self.stored(name)
        return default if found is None else tuple(int(item) for item in found.array.reshape(-1))

    def flag(self, name: str, default: bool = False) -> bool:
        """A constant truth value."""
        return bool(self.number(name, float(default)))

    def text(self, name: str, default: str) -> str:
        """A constant text."""
        value = self.arguments.get(name, (default,))[0]
        return value if isinstance(value, str) else default

    def refuse(self, why: str) -> UnsupportedError:
        """The error that says why the older format cannot take the operator."""
        return UnsupportedError(
            f"The program cannot be said as a neural network: {self.kind} {why}",
            allowed="static shapes, stored weights, float tensors, and the operators of neural/writing/ops",
            hint="export as an ML Program, or from a flavour without integer activations",
        )


def axes_of(call: Call, name: str, rank: int) -> list[int]:
    """Constant axes counted from the front; all of them where none is given."""
    given = call.ints(name) if call.stored(name) is not None else tuple(range(rank))
    return [int(np.mod(axis, rank)) for axis in given]
