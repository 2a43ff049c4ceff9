"""``fieldpack export --for ai-pack``: its options."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from fieldpack.exports.ai_pack.facts import DELIVERIES
from fieldpack.exports.consumers import Progress, one_bundle

if TYPE_CHECKING:
    from fieldpack.exports.written import Exported


def add_arguments(group: argparse._ArgumentGroup) -> None:
    """Declare the options."""
    group.add_argument("--pack-name", metavar="NAME", help="name of the pack; default: the bundle's")
    group.add_argument(
        "--delivery",
        choices=DELIVERIES,
        default="on-demand",
        help="when Play delivers it; default: on-demand",
    )
    group.add_argument(
        "--group",
        action="append",
        metavar="NAME=FLAVOUR:DEVICES",
        help='devices that get another flavour than --flavour, as "big=tflite-float32:ram>=6GB" or '
        '"chip=tflite-int8:soc=Google/Tensor G4"; conditions are joined by "," and alternatives by ";"; the '
        "first group that fits counts; may be given more than once",
    )


def export(bundles: Sequence[Path], out: Path, options: argparse.Namespace, progress: Progress) -> Exported:
    """Write the pack; see :func:`fieldpack.exports.ai_pack.write.write`."""
    from fieldpack.bundle.read import open_bundle
    from fieldpack.exports.ai_pack.groups import parse_group
    from fieldpack.exports.ai_pack.write import Pack, write

    progress("read the bundle", 0.0)
    groups = tuple(parse_group(text) for text in options.group or ())
    with open_bundle(one_bundle(bundles, "ai-pack")) as bundle:
        pack = Pack(options.pack_name, options.delivery, groups, tuple(options.flavour))
        return write(bundle, out, pack)
