"""Where the files of a signature lie: beside the bundle, under one name for both of its forms."""

from __future__ import annotations

import os
from pathlib import Path

from fieldpack.bundle.archive import SUFFIX


def signature_path(bundle: Path) -> Path:
    """``NAME.sig.json`` beside ``NAME`` or ``NAME.fieldpack``."""
    return _beside(bundle, ".sig.json")


def bill_path(bundle: Path) -> Path:
    """``NAME.cdx.json`` beside ``NAME`` or ``NAME.fieldpack``."""
    return _beside(bundle, ".cdx.json")


def _beside(bundle: Path, ending: str) -> Path:
    place = Path(os.path.abspath(bundle))
    return place.with_name(place.name.removesuffix(SUFFIX) + ending)
