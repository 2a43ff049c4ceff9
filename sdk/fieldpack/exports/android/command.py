"""``fieldpack export --for android``: its options."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from fieldpack.exports.consumers import Progress, one_bundle

if TYPE_CHECKING:
    from fieldpack.exports.written import Exported


def add_arguments(group: argparse._ArgumentGroup) -> None:
    """Declare the options."""
    group.add_argument(
        "--android-package",
        metavar="NAME",
        help="package of the Kotlin sources; default: org.fieldpack. and the bundle's name",
    )


def export(bundles: Sequence[Path], out: Path, options: argparse.Namespace, progress: Progress) -> Exported:
    """Write the module; see :func:`fieldpack.exports.android.write.write`."""
    from fieldpack.bundle.read import open_bundle
    from fieldpack.exports.android.write import write

    progress("read the bundle", 0.0)
    with open_bundle(one_bundle(bundles, "android")) as bundle:
        return write(bundle, out, options.android_package, tuple(options.flavour))
