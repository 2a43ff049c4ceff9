"""``fieldpack export --for swift``: its options."""

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
        "--swift-module",
        metavar="NAME",
        help="name of the module; default: the bundle's, as MeadowModel",
    )


def export(bundles: Sequence[Path], out: Path, options: argparse.Namespace, progress: Progress) -> Exported:
    """Write the package; see :func:`fieldpack.exports.swift.write.write`."""
    from fieldpack.bundle.read import open_bundle
    from fieldpack.exports.swift.write import write

    progress("read the bundle", 0.0)
    with open_bundle(one_bundle(bundles, "swift")) as bundle:
        return write(bundle, out, options.swift_module, tuple(options.flavour))
