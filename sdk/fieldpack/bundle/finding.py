"""Findings: what is wrong with a bundle, as data; a good bundle has none."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from fieldpack.errors import BundleError

SHOWN = 10
AGAIN = "fetch or build the bundle again; `fieldpack verify` lists every finding"
NEWER = "a newer release may know this schema: pip install --upgrade fieldpack"


class FindingCode(StrEnum):
    """Kinds of faults; the words are stable, since hostile cases and CI scripts name them."""

    MISSING = "missing"
    EXTRA = "extra"
    SIZE = "size"
    DIGEST = "digest"
    PATH = "path"
    COLLISION = "collision"
    LINK = "link"
    SPECIAL = "special"
    UNREADABLE = "unreadable"
    ARCHIVE = "archive"
    MANIFEST = "manifest"
    CANONICAL = "canonical"
    SCHEMA = "schema"
    CONTRACT = "contract"
    FLAVOUR = "flavour"
    VERDICT = "verdict"
    LABELS = "labels"
    GOLDEN = "golden"
    RESAMPLING = "resampling"
    SIGNATURE = "signature"
    CLAIMS = "claims"
    EXPIRED = "expired"
    ROLLBACK = "rollback"


OF_TRUST = frozenset({FindingCode.SIGNATURE, FindingCode.CLAIMS, FindingCode.EXPIRED, FindingCode.ROLLBACK})
"""Codes that only a check with a key gives (:mod:`fieldpack.trust`)."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One fault.

    Parameters
    ----------
    code : FindingCode
        Kind of fault.
    path : str
        File inside the bundle, printable; ``.`` for the bundle itself.
    message : str
        One sentence: what came and what is allowed.
    """

    code: FindingCode
    path: str
    message: str

    def __str__(self) -> str:
        return f"{self.code.value}: {self.path}: {self.message}"


def printable(path: str) -> str:
    """A path that is safe to show: names outside printable ASCII are escaped, long ones cut."""
    text = path if path.isascii() and path.isprintable() else ascii(path)
    return text if len(text) <= 240 else text[:237] + "..."


def one_line(text: str) -> str:
    """A message that is safe to show: one line, without control characters, at most 2000 long."""
    line = " ".join(text.split())
    plain = line if line.isprintable() else "".join(c if c.isprintable() else ascii(c)[1:-1] for c in line)
    return plain if len(plain) <= 2000 else plain[:1997] + "..."


def refuse(where: object, findings: Iterable[Finding]) -> None:
    """Raise one error that lists the findings; return when there are none.

    Raises
    ------
    BundleError
        There is at least one finding.
    """
    found = list(findings)
    if not found:
        return
    lines = [str(finding) for finding in found[:SHOWN]]
    if len(found) > SHOWN:
        lines.append(f"and {len(found) - SHOWN} more")
    raise BundleError(
        f"{where} is not a good bundle, {len(found)} finding(s):\n  " + "\n  ".join(lines),
        hint=NEWER if any(finding.code is FindingCode.SCHEMA for finding in found) else AGAIN,
    )
