"""One MIL operation as a translator sees it: its inputs by name, and the graph that it adds to."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from fieldpack.coreml.fast.graph import Graph, Shape, Wire
from fieldpack.coreml.value import TensorFact
from fieldpack.errors import ModelFileError, UnsupportedError

#: A tensor, a text, or a tuple of texts.
Argument = Wire | str | tuple[Any, ...]
Result = Wire | tuple[Wire, ...]


@dataclass(frozen=True, slots=True)
class Call:
    """A bound operation.

    Attributes
    ----------
    graph : Graph
        Where the translator adds its nodes.
    kind : str
        MIL operator.
    arguments : mapping of name to tuple
        The values bound to each input; more than one for variadic inputs.
    outputs : tuple of TensorFact
        Declared results, every size known.
    """

    graph: Graph
    kind: str
    arguments: Mapping[str, Sequence[Argument]]
    outputs: tuple[TensorFact, ...]

    @property
    def declared(self) -> Shape:
        """Declared shape of the first result."""
        return tuple(size or 0 for size in self.outputs[0].shape or ())

    def has(self, name: str) -> bool:
        """Whether the input is given."""
        return name in self.arguments

    def wire(self, name: str) -> Wire:
        """A tensor input."""
        (wire,) = self.wires(name)
        return wire

    def maybe(self, name: str) -> Wire | None:
        """A tensor input, or None where it is not given."""
        return self.wire(name) if self.has(name) else None

    def wires(self, name: str) -> tuple[Wire, ...]:
        """All tensors bound to an input."""
        if name not in self.arguments:
            raise ModelFileError("an input is missing", came=", ".join(self.arguments), allowed=name)
        bound = [argument for argument in self.arguments[name] if isinstance(argument, Wire)]
        if len(bound) != len(self.arguments[name]):
            raise ModelFileError(f"input {name!r} has another form", came="text", allowed="a tensor")
        return tuple(bound)

    def constant(self, name: str) -> Any:
        """The array of an input that must be known now.

        Raises
        ------
        UnsupportedError
            It is computed at run time.
        """
        wire = self.wire(name)
        if wire.data is None:
            raise self.refuse(f"computes its input {name!r} at run time")
        return wire.data

    def ints(self, name: str, default: Sequence[int] | None = None) -> tuple[int, ...]:
        """A vector of whole numbers."""
        return self._vector(name, int, default)

    def flags(self, name: str, count: int) -> tuple[bool, ...]:
        """A vector of truth values, all False where it is not given."""
        return self._vector(name, bool, (False,) * count)

    def integer(self, name: str, default: int | None = None) -> int:
        """A whole number."""
        return int(self._scalar(name, default))

    def number(self, name: str, default: float | None = None) -> float:
        """A float number."""
        return float(self._scalar(name, default))

    def flag(self, name: str, default: bool | None = None) -> bool:
        """A truth value."""
        return bool(self._scalar(name, default))

    def text(self, name: str, default: str | None = None) -> str:
        """A text."""
        if name not in self.arguments and default is not None:
            return default
        bound = self.arguments.get(name, ())
        if len(bound) != 1 or not isinstance(bound[0], str):
            raise ModelFileError(f"input {name!r} has another form", came=len(bound), allowed="a text")
        return bound[0]

    def refuse(self, why: str) -> UnsupportedError:
        """The error for what the fast engine leaves to the interpreter."""
        return UnsupportedError(
            f"The fast engine does not run {self.kind} here: it {why}",
            came=self.kind,
            allowed="the forms of docstrings in fieldpack.coreml.fast.ops",
            hint="use the reference engine",
        )

    def _vector(self, name: str, kind: Callable[[Any], Any], default: Any) -> tuple[Any, ...]:
        if not self.has(name) and default is not None:
            return tuple(default)
        return tuple(map(kind, self.constant(name).reshape(-1).tolist()))

    def _scalar(self, name: str, default: Any) -> Any:
        if not self.has(name) and default is not None:
            return default
        array = self.constant(name)
        if array.size != 1:
            raise ModelFileError(
                f"input {name!r} has another form", came=list(array.shape), allowed="one number"
            )
        return array.reshape(-1)[0]
