"""Everything that the plugin and its two apps fix in their code, in one place.

Source: the public repositories inaturalist/vision-camera-plugin-inatvision (6.0.0), iNaturalistReactNative
and SeekReactNative, as of summer 2026. Nothing of it is read from a model file at run time.
"""

from __future__ import annotations

import math

TARGET = "inat-vision-camera"

# -- vision --------------------------------------------------------------------------------------
SIZE = 299
"""Side of the picture, pixels; Android compiles it in, iOS reads it from the model."""
PIXELS = 255.0
"""Pixels arrive as 0..255 on both platforms; only the model version ``1.0`` gets 0..1, on Android."""
VISION_INPUT = (1, SIZE, SIZE, 3)

# -- geo -----------------------------------------------------------------------------------------
GEO_INPUT = (1, 5)
GEO_INPUT_NAME = "input_1"
GEO_OUTPUT_NAME = "Identity"
HIGHEST_M = 5705.63
"""Elevations above 0 are divided by it, metres."""
LOWEST_M = 32768.0
"""Elevations of 0 and below are divided by it, metres; a place without elevation is at minus this."""
SERVER_HIGHEST_M = 6574.0
"""What iNaturalist's server divides elevations above 0 by."""
SERVER_FLOOR = 0.005
"""The server raises geo scores to it; the plugin has no floor."""
H3_RESOLUTION = 4
"""A place is replaced by the centroid of its H3 cell."""

# -- taxonomy ------------------------------------------------------------------------------------
LARGEST_ID = 2**31 - 1  # Android makes a Java int of each id that it reports
LIFE = 48460
"""Taxon of the root that both platforms make themselves."""
LIFE_RANK = 100.0
HUMAN = 43584
COLUMNS = ("parent_taxon_id", "taxon_id", "rank_level", "leaf_class_id", "geo_threshold", "name")
"""As the exporter writes them; the readers locate them by name, ``name`` must stand last."""
REQUIRED_COLUMNS = ("parent_taxon_id", "taxon_id", "rank_level", "leaf_class_id", "name")
THRESHOLD_COLUMN = "geo_threshold"
RANKS: dict[float, str] = {
    100.0: "stateofmatter",
    70.0: "kingdom",
    67.0: "subkingdom",
    60.0: "phylum",
    57.0: "subphylum",
    53.0: "superclass",
    50.0: "class",
    47.0: "subclass",
    45.0: "infraclass",
    44.0: "subterclass",
    43.0: "superorder",
    40.0: "order",
    37.0: "suborder",
    35.0: "infraorder",
    34.5: "parvorder",
    34.0: "zoosection",
    33.5: "zoosubsection",
    33.0: "superfamily",
    32.0: "epifamily",
    30.0: "family",
    27.0: "subfamily",
    26.0: "supertribe",
    25.0: "tribe",
    24.0: "subtribe",
    20.0: "genus",
    15.0: "subgenus",
    13.0: "section",
    12.0: "subsection",
    11.0: "complex",
    10.0: "species",
    5.0: "subspecies",
}

# -- what the plugin makes of the scores ------------------------------------------------------------
PRUNE_SHARE = 0.001
"""Leaves below this share of the highest combined score are left out of the rollup."""
COMMON_ANCESTOR_SCORE = 0.78
COMMON_ANCESTOR_LEAVES = 15
COMMON_ANCESTOR_SHARE = 0.01
CONFIDENCE_PERCENT = 70

# -- versions ------------------------------------------------------------------------------------
MAIN = "main"
PLUGINS = ("5.2.0", "5.3.0", "6.0.0", MAIN)
"""Releases that differ in what they load, the oldest first; ``main`` is what no release has yet."""
DEFAULT_PLUGIN = "6.0.0"
MODEL_VERSIONS: dict[str, str] = {
    "1.0": "5.2.0",
    "2.3": "5.2.0",
    "2.4": "5.2.0",
    "2.13": "5.2.0",
    "2.20": "5.2.0",
    "small_2": "5.2.0",
    "2.30": MAIN,
}
"""Model version that the plugin admits -> the first of ``PLUGINS`` that does."""
DEFAULT_MODEL_VERSION = "2.20"
SCALED_MODEL_VERSION = "1.0"
RUNTIMES: dict[str, tuple[str, str]] = {
    "5.2.0": ("TensorFlow Lite 2.14.0", "2.14.0"),
    "5.3.0": ("TensorFlow Lite 2.14.0", "2.14.0"),
    "6.0.0": ("LiteRT 1.4.0", "2.19.0"),
    MAIN: ("LiteRT 1.4.0", "2.19.0"),
}
"""Plugin -> the Android runtime that its apps pin, and the TensorFlow release whose operator versions it
runs. LiteRT 1.4.0 appeared on 25 June 2025, between TensorFlow 2.19 and 2.20; the operators of its
``register.cc`` have the versions of 2.19, none of those that 2.20 and later brought."""
ANDROID_SDK = 24
IOS = "15.1"

# -- names ---------------------------------------------------------------------------------------
ENV_KEYS = (
    "ANDROID_MODEL_FILE_NAME",
    "ANDROID_TAXONOMY_FILE_NAME",
    "ANDROID_GEOMODEL_FILE_NAME",
    "IOS_MODEL_FILE_NAME",
    "IOS_TAXONOMY_FILE_NAME",
    "IOS_GEOMODEL_FILE_NAME",
)
VERSION_KEY = "CV_MODEL_VERSION"
ANDROID_ASSETS = "android/app/src/{debug,release}/assets/camera/"

# -- how alike both platforms must answer ----------------------------------------------------------
SUM_TOLERANCE = 0.01
"""Scores of a picture sum to 1 within it; 8-bit softmax steps of 1/256 are exact to about 0.005."""
AGREEMENT = 0.1
"""Default bound on how far the platforms' answers may lie apart, see ``answers``."""


def location_vector(latitude: float, longitude: float, elevation_m: float) -> tuple[float, ...]:
    """The five numbers that the plugin feeds its geo model, longitude first.

    Parameters
    ----------
    latitude, longitude : float
        Degrees.
    elevation_m : float
        Metres.
    """
    east, north = math.pi * longitude / 180.0, math.pi * latitude / 90.0
    height = elevation_m / (HIGHEST_M if elevation_m > 0 else LOWEST_M)
    return (math.sin(east), math.sin(north), math.cos(east), math.cos(north), height)
