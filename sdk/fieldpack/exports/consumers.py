"""The consumers that ``fieldpack export --for`` knows: a written list, and what each folder provides.

The folder of a consumer is its name with underscores; its module ``command`` has two functions.

``add_arguments(group)``
    Declares options of its own, each named by no other consumer. ``BUNDLE``, ``--for``, ``--out`` and
    ``--flavour`` are declared for all.
``export(bundles, out, options, progress)``
    Writes the new folder `out`, or raises an error of :mod:`fieldpack.errors` and writes nothing.
"""

from __future__ import annotations

import argparse
import importlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol, cast

from fieldpack.errors import InputError

CONSUMERS = {
    "inat-vision-camera": "the vision camera plugin of iNaturalist and Seek, unmodified",
    "android": "a library module for Android: Kotlin, LiteRT, tests",
    "swift": "a Swift package: Core ML, tests",
    "react-native": "an npm package for react-native-fast-tflite: TypeScript, tests",
    "ai-pack": "a Play AI pack with a flavour for each group of devices",
    "background-assets": "an asset pack for Apple's Background Assets",
    "web": "a page that runs the model in a browser: LiteRT.js, TypeScript, golden vectors",
    "folder": "plain folders for each platform, with check sums",
}
"""Name -> what it is, in the order of the help."""

Progress = Callable[[str, float], None]
"""Called with (stage, fraction done)."""


@dataclass(frozen=True, slots=True)
class Table:
    """Rows for people; the columns numbered in `right` are aligned right."""

    header: tuple[str, ...]
    rows: Sequence[Sequence[str]]
    right: tuple[int, ...] = ()


class Written(Protocol):
    """What an export wrote."""

    @property
    def folder(self) -> Path:
        """The folder."""

    @property
    def files(self) -> Mapping[str, int]:
        """Size in bytes of each file, by its path inside."""

    def as_dict(self) -> dict[str, Any]:
        """Plain data, for ``--json``."""

    def told(self) -> Sequence[Table | str]:
        """What people are told below the files."""


class Consumer(Protocol):
    """The module ``command`` of a consumer's folder."""

    def add_arguments(self, group: argparse._ArgumentGroup) -> None:
        """Declare options."""

    def export(
        self, bundles: Sequence[Path], out: Path, options: argparse.Namespace, progress: Progress
    ) -> Written:
        """Write the folder."""


def module_of(name: str) -> str:
    """The module of a consumer."""
    return f"fieldpack.exports.{name.replace('-', '_')}.command"


def consumer(name: str) -> Consumer:
    """A consumer by name."""
    return cast(Consumer, importlib.import_module(module_of(name)))


def one_bundle(bundles: Sequence[Path], name: str) -> Path:
    """The only bundle of a consumer that takes one.

    Raises
    ------
    InputError
        There are more.
    """
    if len(bundles) != 1:
        came = ", ".join(str(path) for path in bundles)
        raise InputError(f"--for {name} takes one bundle", came=came, hint="export each into its own folder")
    return bundles[0]
