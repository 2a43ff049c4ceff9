"""The oldest TFLite runtime that runs a file, from its operators and their versions.

TensorFlow's converter writes the same figure into the metadata ``min_runtime_version``, but not
every writer does, older ones wrote it before they quantised, and pairs that the converter did not
know are left out of it silently. Here they are named instead of guessed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from fieldpack.tflite.facts import TfliteModel
from fieldpack.tflite.runtime_table import RUNTIME_OF

METADATA_ENTRY = "min_runtime_version"


@dataclass(frozen=True, slots=True)
class RuntimeRequirement:
    """What a file asks of the runtime.

    Attributes
    ----------
    version : str or None
        The oldest TFLite release that has every known pair, a lower bound while ``unknown`` is not
        empty; None if no pair is known.
    unknown : tuple of str
        ``OPERATOR v<version>`` pairs newer than the known table, and custom operators as
        ``custom <name>``: an application must register those itself.
    ops : mapping of str to str
        Every known pair, ``OPERATOR v<version>``, with its release.
    """

    version: str | None
    unknown: tuple[str, ...]
    ops: Mapping[str, str]


def operator_runtime(name: str, version: int) -> str | None:
    """The TFLite release that first ran version ``version`` of builtin operator ``name``.

    None if the pair is not in the table; it is never guessed from its neighbours.
    """
    releases = RUNTIME_OF.get(name, ())
    if not 1 <= version <= len(releases) or releases[version - 1] == "-":
        return None
    return releases[version - 1]


def minimum_runtime(model: TfliteModel) -> RuntimeRequirement:
    """The oldest TFLite runtime that has every operator of ``model`` in the version it uses.

    Parameters
    ----------
    model : TfliteModel
        From ``open_model``.
    """
    known: dict[str, str] = {}
    unknown: set[str] = set()
    for node in model.operators:
        release = None if node.is_custom else operator_runtime(node.name, node.version)
        if release is not None:
            known[f"{node.name} v{node.version}"] = release
        else:
            unknown.add(f"custom {node.name}" if node.is_custom else f"{node.name} v{node.version}")
    version = max(known.values(), key=version_key, default=None)
    return RuntimeRequirement(version, tuple(sorted(unknown)), dict(sorted(known.items())))


def declared_runtime(model: TfliteModel) -> str | None:
    """What the converter wrote into the file's metadata, or None if it wrote nothing."""
    stored = model.metadata.get(METADATA_ENTRY, b"").split(b"\0")[0]
    return stored.decode("ascii", "backslashreplace") or None


def version_key(version: str) -> tuple[int, ...]:
    """A key that sorts dotted versions by number: 1.14.0 after 1.5.0."""
    return tuple(int(part) for part in version.split("."))
