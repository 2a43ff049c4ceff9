"""Places that run a model, under the names that commands, records and budgets use.

One runner answers everywhere with one protocol (:mod:`fieldpack_benchmarks.targets.protocol`); how files get
there and back is a transport's affair (``host``, ``adb``, ``ssh``, ``qemu``,
``callgrind``).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum

from fieldpack.errors import InputError


class TargetKind(StrEnum):
    """How a target is reached; the value is the word before the colon."""

    HOST = "host"
    ADB = "adb"
    SSH = "ssh"
    QEMU_ARM64 = "qemu-arm64"
    CALLGRIND = "callgrind"
    IOS = "ios"
    MAC = "mac"
    WEB = "web"


PLACES: dict[TargetKind, tuple[str, str]] = {
    TargetKind.HOST: ("", "host"),
    TargetKind.ADB: (r"([\w.:\[\]-]+)?", "adb, or adb:<serial as `adb devices` lists it>"),
    TargetKind.SSH: (r"[\w.@\[\]:-]+", "ssh:<host>, ssh:<user@host>, ssh:<user@host:port>"),
    TargetKind.QEMU_ARM64: (r"[a-z0-9-]+", "qemu-arm64:<cpu>"),
    TargetKind.CALLGRIND: ("", "callgrind"),
    TargetKind.IOS: (r"[0-9A-Fa-f-]{8,}", "ios:<udid>"),
    TargetKind.MAC: ("", "mac"),
    TargetKind.WEB: ("", "web"),
}
"""Kind -> what may stand behind the colon, and how a message says it."""


@dataclass(frozen=True, slots=True)
class Target:
    """A place that runs a model.

    Attributes
    ----------
    kind : TargetKind
        How it is reached.
    place : str
        Serial, address or processor; empty where there is only one.
    """

    kind: TargetKind
    place: str = ""

    def __str__(self) -> str:
        return f"{self.kind}:{self.place}" if self.place else str(self.kind)


def parse_target(text: str) -> Target:
    """The target of a name such as ``host``, ``adb:R5CT20``, ``ssh:pi@board`` or ``qemu-arm64:cortex-a76``.

    Parameters
    ----------
    text : str
        The name.

    Raises
    ------
    InputError
        No such kind of target, or what follows the colon cannot be a place of that kind. A leading hyphen is
        refused: a client would read it as an option.
    """
    word, colon, place = text.partition(":")
    kind = next((kind for kind in TargetKind if kind == word), None)
    allowed = [said for _, said in PLACES.values()] if kind is None else [PLACES[kind][1]]
    fits = kind is not None and bool(colon) == bool(place) and not place.startswith("-")
    if kind is None or not fits or not re.fullmatch(PLACES[kind][0], place):
        raise InputError("No target has this name", came=repr(text), allowed="; ".join(allowed))
    return Target(kind, place)
