"""The value of a MIL list: tensors by position, written once and never changed.

A list operation gives a new list, so that a value read earlier stays what it was.
Specification: list operations of the iOS15 operator set.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from fieldpack.errors import ModelFileError

#: More elements than any model keeps; a damaged index must not fill the memory.
MOST_ELEMENTS = 1_000_000


@dataclass(frozen=True, slots=True)
class TensorList:
    """Tensors by position.

    Attributes
    ----------
    items : tuple
        Torch tensors; None where nothing was written yet.
    blank : Tensor or None
        What reading an unwritten element gives; None where the element's shape is not declared.
    grows : bool
        Whether writing behind the end makes the list longer.
    """

    items: tuple[Any, ...]
    blank: Any
    grows: bool

    def read(self, index: int) -> Any:
        """The element at ``index``; a negative one counts from the end."""
        item = self.items[self._place(index, len(self.items))]
        if item is None and self.blank is None:
            raise ModelFileError("an element of a list is read before it is written", came=index)
        return self.blank if item is None else item

    def write(self, index: int, value: Any) -> TensorList:
        """The list with another element at ``index``."""
        length = max(len(self.items), index + 1) if self.grows else len(self.items)
        place = self._place(index, length)
        items = [*self.items, *[None] * (length - len(self.items))]
        items[place] = value
        return replace(self, items=tuple(items))

    def _place(self, index: int, length: int) -> int:
        if not -length <= index < length or length > MOST_ELEMENTS:
            raise ModelFileError("an index leaves its list", came=index, allowed=f"{-length} to {length - 1}")
        return index % length
