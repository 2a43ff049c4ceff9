"""Picture, place and sound joined by taxon, as iNaturalist's server and both of its phone apps do it.

=================  =========================================================================
module             holds
=================  =========================================================================
``rules``          the modes, and what each of them does otherwise
``options``        what a caller may ask for in any mode
``tree``           a taxonomy with the root that phones make, as arrays
``combine``        scores of every output from up to three sources
``phones``         pruning, rollup, best branch and common ancestor of both phone plugins
``server``         the same questions as the server answers them
``humans``         when a picture of people gives no answer, in both versions
``nearby``         what is expected at a place
``frames``         smoothing over the last results of a camera
``answer``         what comes out, under the keys of the plugin
``fuse``           all of it on arrays
``pictures``       crop, resize and orientation of each mode
``places``         the H3 cell and elevation that stand for a place
``bundles``        all of it on bundles
=================  =========================================================================

Facts come from the public repositories of the plugin and the server; constants stand in
:mod:`fieldpack.exports.inat_vision_camera.facts`. Phones compute in float32 and here it is float64, so a
score may differ in its seventh digit; a tie that phones break by the order of a hash map is broken by the
order of the file.
"""

from fieldpack.fusion.answer import Answer, Prediction
from fieldpack.fusion.frames import StoredResults
from fieldpack.fusion.fuse import aligned, fuse, fuse_frame
from fieldpack.fusion.options import Options, RankType
from fieldpack.fusion.rules import Mode

__all__ = [
    "Answer",
    "Mode",
    "Options",
    "Prediction",
    "RankType",
    "StoredResults",
    "aligned",
    "fuse",
    "fuse_frame",
]
