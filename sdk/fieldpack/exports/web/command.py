"""``fieldpack export --for web``: its options."""

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
        "--runtime",
        type=Path,
        metavar="DIR",
        help="node_modules folder with @litertjs/core; default: the one that `make web` fills",
    )


def export(bundles: Sequence[Path], out: Path, options: argparse.Namespace, progress: Progress) -> Exported:
    """Write the page; see :func:`fieldpack.exports.web.write.write`."""
    from fieldpack.bundle.read import open_bundle
    from fieldpack.exports.web.write import write

    progress("read the bundle", 0.0)
    with open_bundle(one_bundle(bundles, "web")) as bundle:
        return write(bundle, out, tuple(options.flavour), options.runtime)
