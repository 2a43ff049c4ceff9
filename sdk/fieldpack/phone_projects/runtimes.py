"""Whether the runtimes that generated projects pin can run a flavour, and the oldest systems that can."""

from __future__ import annotations

from collections.abc import Sequence

from fieldpack.bundle.manifest import FlavourEntry, FlavourKind
from fieldpack.errors import UnsupportedError
from fieldpack.phone_projects import facts

_TYPES = {FlavourKind.TFLITE: facts.ANDROID_TYPES, FlavourKind.COREML: facts.IOS_TYPES}


def check_fits(flavour: FlavourEntry, newest: str = facts.LITERT_RUNS) -> None:
    """Check types and runtime of a flavour; `newest` is the TFLite runtime that is there.

    Raises
    ------
    UnsupportedError
        It needs a newer runtime than is pinned, or a type that the sources do not feed.
    """
    for border in (*flavour.inputs, *flavour.outputs):
        quantised = flavour.kind is FlavourKind.COREML and border.quantization is not None
        if border.dtype not in _TYPES[flavour.kind] or quantised:
            raise UnsupportedError(
                f"sources for {flavour.kind.value} do not feed such a tensor",
                came=f"{flavour.name}: {border.tensor} of {border.dtype}",
                allowed=", ".join(_TYPES[flavour.kind]),
            )
    if flavour.kind is FlavourKind.TFLITE:
        _check_litert(flavour, newest)


def _check_litert(flavour: FlavourEntry, newest: str) -> None:
    unknown, needed = flavour.requires.unknown_operators, flavour.requires.tflite_runtime
    if unknown or (needed and version(needed) > version(newest)):
        raise UnsupportedError(
            f"{flavour.name} needs a newer runtime than TFLite {newest}",
            came=", ".join(unknown) or f"TFLite {needed}",
            allowed=f"TFLite {newest} or older",
        )


def version(text: str) -> tuple[int, ...]:
    """A version as numbers, which the manifest has checked."""
    return tuple(int(part) for part in text.split("."))


def oldest_systems(flavours: Sequence[FlavourEntry]) -> dict[str, str]:
    """The oldest ``IOS`` and ``MACOS`` that run all of some Core ML flavours, as ``16.0``."""
    needed = [version(facts.OLDEST_IOS)]
    for flavour in flavours:
        if flavour.requires.ios is not None:
            needed.append(version(flavour.requires.ios))
        if any(border.dtype == "float16" for border in (*flavour.inputs, *flavour.outputs)):
            needed.append(version(facts.FLOAT16_IOS))
    oldest = max(needed)
    dotted = ".".join(str(part) for part in (*oldest, 0)[: max(2, len(oldest))])
    macos = oldest[0] if oldest[0] >= facts.SAME_COUNT else oldest[0] - facts.MACOS_BEHIND
    return {"IOS": dotted, "MACOS": f"{macos}.0"}
