"""One example of a data set, and the two ways in which a data set is held."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from numpy.typing import NDArray

from fieldpack.preprocess.raw import Raw


@dataclass(frozen=True, slots=True)
class Example:
    """One picture, sound, place or vector, as it arrives.

    Attributes
    ----------
    id : str
        Unique in its data set; the relative path of a file.
    raw : Raw
        What :func:`fieldpack.preprocess.prepare.prepare` takes.
    label : str, int or None
        Text of the model's label list, an index into it, or None where unlabelled.
    slices : dict
        Slice name -> value, e.g. site -> "meadow".
    group : str, optional
        Examples of one group are not independent; None where the data name no groups, "" for an
        example that stands alone.
    targets : dict
        Quantity -> the true values: one number, or float [rows, columns] of the output's size; NaN where
        the truth is not known.
    present : ndarray, optional
        bool or 0 and 1 [labels], which labels are present; None where that is not known of every label.
    """

    id: str
    raw: Raw
    label: str | int | None = None
    slices: dict[str, str] = field(default_factory=dict)
    group: str | None = None
    targets: dict[str, NDArray[Any]] = field(default_factory=dict)
    present: NDArray[Any] | None = None


class Examples(Protocol):
    """A data set: iterable again and again, in the same order."""

    @property
    def left_out(self) -> int:
        """Examples that the label map has no entry for."""

    def __len__(self) -> int: ...

    def __iter__(self) -> Iterator[Example]: ...


@dataclass(frozen=True, slots=True)
class ExampleList:
    """A data set whose examples are held in a list (files are named, not opened)."""

    examples: Sequence[Example]
    left_out: int = 0

    def __len__(self) -> int:
        return len(self.examples)

    def __iter__(self) -> Iterator[Example]:
        return iter(self.examples)

    def __getitem__(self, index: int) -> Example:
        return self.examples[index]
