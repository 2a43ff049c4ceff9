"""``fieldpack export --for inat-vision-camera``: its options, and what people are told of the result."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from fieldpack.exports.consumers import Progress
from fieldpack.exports.inat_vision_camera import facts

if TYPE_CHECKING:
    from fieldpack.exports.inat_vision_camera.export import Exported


def add_arguments(group: argparse._ArgumentGroup) -> None:
    """Declare the options."""
    versions = [version for version in facts.MODEL_VERSIONS if version != facts.SCALED_MODEL_VERSION]
    group.add_argument(
        "--plugin-version",
        default=facts.DEFAULT_MODEL_VERSION,
        choices=versions,
        help=f"model version that the plugin admits; default: {facts.DEFAULT_MODEL_VERSION}",
    )
    group.add_argument(
        "--min-plugin",
        default=facts.DEFAULT_PLUGIN,
        choices=facts.PLUGINS,
        help=f"oldest plugin release that must load it; default: {facts.DEFAULT_PLUGIN}",
    )
    group.add_argument(
        "--coreml",
        default="neuralnetwork",
        choices=["neuralnetwork", "mlprogram"],
        help="one .mlmodel file (default), or the flavour's own program in an .mlpackage, which apps must be "
        "edited for",
    )
    group.add_argument(
        "--taxonomy", type=Path, metavar="FILE", help="taxonomy; default: the picture bundle's"
    )
    group.add_argument("--thresholds", type=Path, metavar="FILE", help="thresholds by taxon id")
    group.add_argument(
        "--geo-floor", type=float, default=0.0, help="smallest geo score, put into the graph; default: none"
    )
    group.add_argument(
        "--tolerance",
        type=float,
        default=facts.AGREEMENT,
        help=f"how far both platforms' answers may lie apart, 0 to 1; default: {facts.AGREEMENT}",
    )


def export(bundles: Sequence[Path], out: Path, options: argparse.Namespace, progress: Progress) -> Exported:
    """Write the directory from a bundle of pictures and one of places; see ``export.export``."""
    from fieldpack.exports.inat_vision_camera.export import Choices
    from fieldpack.exports.inat_vision_camera.export import export as write

    choices = Choices(
        version=options.plugin_version,
        plugin=options.min_plugin,
        core_ml=options.coreml,
        flavours=tuple(options.flavour),
        taxonomy=options.taxonomy,
        thresholds=options.thresholds,
        geo_floor=options.geo_floor,
        tolerance=options.tolerance,
    )
    return write(list(bundles), out, choices, progress)
