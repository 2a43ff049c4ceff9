"""What is installed here, what is missing, and what that costs.

``fieldpack doctor`` prints what :func:`examine` finds. The ranges come from the metadata of
the installed distribution, so that they never drift from ``pyproject.toml``; nothing heavy is
imported, since a broken framework must not break the command that explains it.
"""

from __future__ import annotations

import os
import platform
import re
import shutil
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from enum import StrEnum
from importlib import metadata
from pathlib import Path
from typing import Any

DISTRIBUTION = "fieldpack"
GIB = 2**30
FREE_DISK_BYTES = 2 * GIB
MEMORY_BYTES = 4 * GIB

PURPOSES: dict[str | None, str] = {
    None: "opening, verifying, running and gating bundles",
    "keras": "Keras and SavedModel sources, TFLite flavours",
    "torch": "PyTorch sources",
    "onnx": "ONNX sources",
    "coreml": "running Core ML flavours",
    "coreml-reference": "running any Core ML model, measuring Core ML flavours in a build",
    "coreml-convert": "writing Core ML flavours",
    "sound": "sound files other than WAV, changes of sample rate",
    "compress": "channel pruning of PyTorch models, search over continuous choices",
    "dask": "searching on a Dask cluster",
    "mlflow": "logging a search to MLflow",
    "sign": "signing bundles, verifying signatures",
    "registry": "pushing and pulling bundles",
}
"""What each extra of ``pyproject.toml`` is for; None is the bare distribution."""


class Outcome(StrEnum):
    """How one check ended."""

    OK = "ok"
    MISSING = "missing"
    WRONG = "wrong"


@dataclass(frozen=True, slots=True)
class Check:
    """One line of the examination.

    Attributes
    ----------
    name : str
        What was looked at: a distribution package, ``python``, ``disk``, ``memory`` or ``cores``.
    found : str or None
        Version or amount found; None when it is not there.
    needed : str
        Version range (as pip writes it) or amount.
    for_what : str
        What cannot be done without it.
    outcome : Outcome
        Whether `found` satisfies `needed`.
    hint : str
        What mends it; empty when all is well.
    required : bool
        Whether Fieldpack cannot do without; the rest is needed for some jobs only.
    """

    name: str
    found: str | None
    needed: str
    for_what: str
    outcome: Outcome
    hint: str
    required: bool = False

    def as_dict(self) -> dict[str, Any]:
        """The fields as plain values, for ``--json``."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class Need:
    """One package of the distribution's requirements, and the extras that ask for it."""

    name: str
    range: str
    extras: tuple[str | None, ...]


def examine(folder: Path | None = None) -> list[Check]:
    """Look at Python, the packages of every extra, disk, memory and cores.

    Parameters
    ----------
    folder : Path, optional
        Where bundles will be built; its disk is measured. Default: the current folder.

    Returns
    -------
    list of Check
        What Fieldpack cannot do without comes first, then the extras in the order of :data:`PURPOSES`.
    """
    try:
        own = metadata.distribution(DISTRIBUTION)
    except metadata.PackageNotFoundError:
        hint = "pip install --editable . (in the folder of pyproject.toml)"
        return [Check(DISTRIBUTION, None, "installed", "everything", Outcome.MISSING, hint, required=True)]
    packages = [_package(need) for need in needs(own.requires or ())]
    return [_python(own.metadata["Requires-Python"]), *packages, *_machine(folder or Path.cwd())]


def healthy(checks: Sequence[Check]) -> bool:
    """Whether everything that Fieldpack cannot do without is there and right."""
    return all(check.outcome is Outcome.OK for check in checks if check.required)


def satisfies(version: str, ranges: str) -> bool:
    """Whether the release numbers of a version lie in a range such as ``<2.4,>=1.26``.

    Local (``+cpu``) and pre-release suffixes are ignored.

    Parameters
    ----------
    version : str
        For instance ``2.13.0+cpu``.
    ranges : str
        Clauses with ``<``, ``<=``, ``>``, ``>=``, ``==`` or ``!=``, joined by commas; empty admits all.
    """
    return all(_clause(version, clause.strip()) for clause in ranges.split(",") if clause.strip())


def needs(requirements: Sequence[str]) -> list[Need]:
    """The packages behind `requirements`, each once, with the extras that ask for it."""
    extras: dict[tuple[str, str], list[str | None]] = {}
    for requirement in requirements:
        parsed = _REQUIREMENT.match(requirement)
        if parsed is None or parsed["name"] == DISTRIBUTION or parsed["extra"] not in PURPOSES:
            continue
        extras.setdefault((parsed["name"], parsed["range"].strip()), []).append(parsed["extra"])
    order = list(PURPOSES)
    found = [Need(name, ranges, tuple(asking)) for (name, ranges), asking in extras.items()]
    return sorted(found, key=lambda need: min(order.index(extra) for extra in need.extras))


_REQUIREMENT = re.compile(
    r"(?P<name>[A-Za-z0-9._-]*[A-Za-z0-9])(\[[^]]*\])?\s*(?P<range>[^;]*)"
    r"(;\s*extra == ['\"](?P<extra>[^'\"]+)['\"])?$"
)
_CLAUSE = re.compile(r"(?P<sign><=|>=|==|!=|<|>)\s*(?P<release>\d+(\.\d+)*)$")


def _clause(version: str, clause: str) -> bool:
    parsed = _CLAUSE.match(clause)
    if parsed is None:
        raise ValueError(f"not a version clause: {clause!r}; allowed: <, <=, >, >=, == or != and a release")
    left, right = _release(version), _release(parsed["release"])
    width = max(len(left), len(right))
    left, right = (part + (0,) * (width - len(part)) for part in (left, right))
    return {
        "<": left < right,
        "<=": left <= right,
        ">": left > right,
        ">=": left >= right,
        "==": left == right,
        "!=": left != right,
    }[parsed["sign"]]


def _release(version: str) -> tuple[int, ...]:
    digits = re.match(r"\d+(\.\d+)*", version)
    return tuple(int(part) for part in digits[0].split(".")) if digits else ()


def _package(need: Need) -> Check:
    extra = need.extras[0]
    purpose = "; ".join(PURPOSES[asking] for asking in need.extras)
    try:
        found: str | None = metadata.version(need.name)
    except metadata.PackageNotFoundError:
        found = None
    if found is None:
        outcome = Outcome.MISSING
    else:
        outcome = Outcome.OK if satisfies(found, need.range) else Outcome.WRONG
    hint = "" if outcome is Outcome.OK else _install(need, extra)
    return Check(need.name, found, need.range, purpose, outcome, hint, required=extra is None)


def _install(need: Need, extra: str | None) -> str:
    if extra is None or extra in ("torch", "coreml-reference"):
        return f'pip install "{need.name}{need.range}"'
    return f'pip install "{DISTRIBUTION}[{extra}]"'


def _python(ranges: str) -> Check:
    found = platform.python_version()
    right = satisfies(found, ranges)
    hint = "" if right else f"make a virtual environment with Python {ranges}"
    outcome = Outcome.OK if right else Outcome.WRONG
    return Check("python", found, ranges, "everything", outcome, hint, required=True)


def _machine(folder: Path) -> Iterator[Check]:
    disk = shutil.disk_usage(folder).free
    yield _amount("disk", disk, FREE_DISK_BYTES, "building bundles", f"free space on the disk of {folder}")
    yield _amount("memory", _memory_bytes(), MEMORY_BYTES, "converting", "close other programs")
    cores = os.cpu_count() or 1
    yield Check("cores", str(cores), ">=1", "time only", Outcome.OK, "")


def _amount(name: str, found: int, needed: int, for_what: str, hint: str) -> Check:
    enough = found >= needed
    outcome = Outcome.OK if enough else Outcome.WRONG
    texts = f"{found / GIB:.1f} GiB", f">={needed // GIB} GiB"
    return Check(name, *texts, for_what, outcome, "" if enough else hint)


def _memory_bytes() -> int:
    """Memory that a new process can have: what Linux reports as available, elsewhere all of it."""
    table = Path("/proc/meminfo")
    if table.exists():
        available = re.search(r"^MemAvailable:\s+(\d+) kB$", table.read_text(), re.MULTILINE)
        if available is not None:
            return int(available[1]) * 1024
    return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
