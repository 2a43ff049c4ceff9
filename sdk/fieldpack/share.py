"""Limits that are stated as a share of something: a quarter of the int8 file, half of what is shipped.

A budget holds them as they were written; :mod:`fieldpack.relative` says what they come to.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import Discriminator, Field, Tag

from fieldpack.model import Strict

SOURCE, SHIPPED, BASELINE = "source", "shipped", "baseline"
HOST = "host"
"""The target that a build itself measures on."""
RESERVED = frozenset({SOURCE, SHIPPED, BASELINE})
"""Words after ``of`` that name no flavour."""


class Share(Strict):
    """A limit relative to another figure of the same kind."""

    share: float = Field(gt=0, description="of that figure, at most", examples=[0.25])
    of: str = Field(
        min_length=1,
        description="source, shipped, baseline (what the gate is given), or a flavour of the same bundle",
        examples=["tflite-int8"],
    )
    base: float | None = Field(
        default=None, gt=0, description="what that figure was, where it lies in no bundle; a search writes it"
    )

    @property
    def flavour(self) -> str | None:
        """The flavour of the same bundle that it looks up, or None."""
        return None if self.of in RESERVED or self.base is not None else self.of


def _tag(value: Any) -> str:
    return "relative" if isinstance(value, Share | Mapping) else "number"


Bytes = Annotated[
    Annotated[int, Field(ge=1), Tag("number")] | Annotated[Share, Tag("relative")], Discriminator(_tag)
]
Count = Annotated[
    Annotated[int, Field(ge=0), Tag("number")] | Annotated[Share, Tag("relative")], Discriminator(_tag)
]
Milliseconds = Annotated[
    Annotated[float, Field(gt=0), Tag("number")] | Annotated[Share, Tag("relative")], Discriminator(_tag)
]
Limit = float | Share
"""What a flavour is held against: a number, or a share of another figure."""


def circle(shares: Mapping[str, Share]) -> list[str]:
    """Flavours whose limits of one kind lead back to the first and together ask for less than it has.

    Each at most half of the next cannot be kept; each at most 1.1 of the other can.

    Parameters
    ----------
    shares : mapping
        Flavour -> its limit of that kind.
    """
    for start in shares:
        path, product, name = [start], 1.0, start
        while (found := shares.get(name)) is not None and found.flavour is not None:
            product *= found.share
            name = found.flavour
            if name == start:
                if product < 1:
                    return [*path, start]
                break
            if name in path:
                break
            path.append(name)
    return []
