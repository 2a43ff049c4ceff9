"""``fieldpack export --for background-assets``: its options."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from fieldpack.exports.consumers import Progress, one_bundle

if TYPE_CHECKING:
    from fieldpack.exports.written import Exported

POLICIES = ("essential", "prefetch", "on-demand")
PLATFORMS = ("iOS", "macOS", "tvOS", "visionOS")


def add_arguments(group: argparse._ArgumentGroup) -> None:
    """Declare the options."""
    group.add_argument(
        "--asset-pack-id", metavar="ID", help="identifier of the asset pack; default: the bundle's name"
    )
    group.add_argument(
        "--policy", choices=POLICIES, default="prefetch", help="when it is downloaded; default: prefetch"
    )
    group.add_argument(
        "--apple-platform",
        action="append",
        choices=PLATFORMS,
        help="platform that gets it; may be given more than once; default: iOS",
    )


def export(bundles: Sequence[Path], out: Path, options: argparse.Namespace, progress: Progress) -> Exported:
    """Write the pack; see :func:`fieldpack.exports.background_assets.write.write`."""
    from fieldpack.bundle.read import open_bundle
    from fieldpack.exports.background_assets.write import Pack, write

    progress("read the bundle", 0.0)
    platforms = tuple(options.apple_platform or ("iOS",))
    with open_bundle(one_bundle(bundles, "background-assets")) as bundle:
        return write(
            bundle, out, Pack(options.asset_pack_id, options.policy, platforms, tuple(options.flavour))
        )
