"""Where a signature and its bill of materials lie: beside the bundle, the same for both of its forms."""

from __future__ import annotations

import os
from pathlib import Path

from fieldpack.bundle.archive import SUFFIX


def signature_path(bundle: Path) -> Path:
    """``NAME.sig.json`` beside ``NAME`` or ``NAME.fieldpack``."""
    place = Path(os.path.abspath(bundle))
    return place.with_name(place.name.removesuffix(SUFFIX) + ".sig.json")


def bill_path(signature: Path) -> Path:
    """``NAME.cdx.json`` beside the signature ``NAME.sig.json``."""
    return signature.with_name(signature.name.removesuffix(".json").removesuffix(".sig") + ".cdx.json")
