"""The bundle: one model, its flavours, golden vectors and proof, under one digest.

``FORMAT.md`` is normative. ``manifest.py`` types the manifest and ``document.py`` is its
bytes; ``paths.py``, ``labels.py`` and ``arrays.py`` hold the rules of names, label files and
``.npy`` files; ``archive.py`` is the one-file form; ``write.py``, ``read.py`` and
``verify.py`` are what the rest of Fieldpack calls.
"""

from fieldpack.bundle.finding import Finding, FindingCode
from fieldpack.bundle.manifest import Manifest
from fieldpack.bundle.read import Bundle, open_bundle
from fieldpack.bundle.verify import check_structure
from fieldpack.bundle.write import BundleWriter, copy_bundle

__all__ = [
    "Bundle",
    "BundleWriter",
    "Finding",
    "FindingCode",
    "Manifest",
    "check_structure",
    "copy_bundle",
    "open_bundle",
]
