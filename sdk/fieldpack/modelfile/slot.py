"""One input or output of a model file, in words that fit both formats."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Slot:
    """What one input takes, or what one output gives.

    Attributes
    ----------
    name : str
        As the file names it.
    kind : str
        ``multiarray`` or ``image``; other kinds of Core ML features (``dictionary``, ``string``, ...) as
        they are called there.
    shape : tuple of int
        Default shape; of a picture ``(1, H, W, 3)`` or ``(1, H, W, 1)``.
    dtype : str
        numpy name of the element type.
    color : str or None
        Declared order of a picture; None for arrays.
    flexible : str or None
        The admissible shapes in words, where there are several.
    optional : bool
        May be left out.
    scale, zero_point : tuple
        Affine parameters of a quantised TFLite tensor, else empty.
    range : tuple of (float, float) or None
        Range of the values that the file declares: 0..255 of a picture, None for arrays.
    """

    name: str
    kind: str
    shape: tuple[int, ...]
    dtype: str
    color: str | None = None
    flexible: str | None = None
    optional: bool = False
    scale: tuple[float, ...] = ()
    zero_point: tuple[int, ...] = ()
    range: tuple[float, float] | None = None

    @property
    def channels(self) -> int | None:
        """Number of channels when it can take a picture ``[1, H, W, C]`` of 1 or 3, else None."""
        fits = len(self.shape) == 4 and self.shape[0] == 1 and self.shape[3] in (1, 3)
        return self.shape[3] if fits else None

    def as_dict(self) -> dict[str, Any]:
        """Plain data; what does not apply is left out."""
        facts: dict[str, Any] = {
            "name": self.name,
            "kind": self.kind,
            "shape": list(self.shape),
            "dtype": self.dtype,
        }
        if self.color is not None:
            facts["color"] = self.color
        if self.flexible is not None:
            facts["flexible"] = self.flexible
        if self.optional:
            facts["optional"] = True
        if self.scale:
            facts |= {"scale": list(self.scale), "zero_point": list(self.zero_point)}
        return facts

    def as_text(self) -> str:
        """One line: ``photo image RGB uint8 [1, 224, 224, 3]``."""
        words = [self.name, self.kind, self.color, self.dtype, str(list(self.shape))]
        if self.flexible is not None:
            words.append(f"({self.flexible})")
        if self.scale:
            words.append(f"scale {self.scale[0]:.6g} zero {self.zero_point[0] if self.zero_point else 0}")
        if self.optional:
            words.append("optional")
        return " ".join(word for word in words if word)
