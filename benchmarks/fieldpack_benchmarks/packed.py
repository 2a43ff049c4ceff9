"""A case's bundle: built, or taken from the folder that ``FIELDPACK_BUILD_CACHE`` names."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

from fieldpack.build.pipeline import build
from fieldpack.bundle.digest import sha256_file
from fieldpack.bundle.read import open_bundle
from fieldpack.errors import BundleError
from fieldpack.spec import load_spec
from fieldpack_benchmarks.cases import QUICK_ITEMS, Case
from fieldpack_benchmarks.changed_spec import write_smaller_spec

CACHE = "FIELDPACK_BUILD_CACHE"


def packed(
    case: Case, quick: bool, folder: Path, progress: Callable[[str, float], None]
) -> tuple[Path, Path]:
    """Build the case, unless a bundle of the very same spec lies in the cache.

    Parameters
    ----------
    case : Case
        What is built.
    quick : bool
        Whether the evaluation set is limited to ``QUICK_ITEMS`` files.
    folder : Path
        Where the bundle goes without a cache, and the quick spec always.
    progress : callable
        Called with (stage, fraction).

    Returns
    -------
    Path, Path
        The spec that was built, and the bundle.
    """
    spec_path = case.spec
    name = case.name
    if quick:
        spec_path, name = folder / f"{case.name}-quick.toml", f"{case.name}-quick"
        write_smaller_spec(load_spec(case.spec), QUICK_ITEMS, spec_path)
    target = Path(os.environ[CACHE] if os.environ.get(CACHE) else folder) / name
    if not _is_of(target, spec_path):
        build(spec_path, target, lambda road, stage, done: progress(f"{case.name}: {road}, {stage}", done))
    return spec_path, target


def _is_of(target: Path, spec_path: Path) -> bool:
    if not target.exists():
        return False
    try:
        with open_bundle(target) as bundle:
            return bundle.manifest.lineage.spec_digest == sha256_file(spec_path)
    except BundleError:
        return False
