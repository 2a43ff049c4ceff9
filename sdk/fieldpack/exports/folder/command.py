"""``fieldpack export --for folder``: for apps and pages that load the files by themselves."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from fieldpack.exports.consumers import Progress, one_bundle

if TYPE_CHECKING:
    from fieldpack.exports.written import Exported

PLATFORMS = ("android", "ios")


def add_arguments(group: argparse._ArgumentGroup) -> None:
    """Declare the options."""
    group.add_argument(
        "--platform",
        action="append",
        choices=PLATFORMS,
        help="platform to write; may be given twice; default: all that the bundle has flavours for",
    )


def export(bundles: Sequence[Path], out: Path, options: argparse.Namespace, progress: Progress) -> Exported:
    """Write the folders; see :func:`fieldpack.exports.folder.write.write`."""
    from fieldpack.bundle.read import open_bundle
    from fieldpack.exports.folder.write import write

    progress("read the bundle", 0.0)
    with open_bundle(one_bundle(bundles, "folder")) as bundle:
        return write(bundle, out, tuple(options.platform or ()), tuple(options.flavour))
