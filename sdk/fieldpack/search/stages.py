"""The stages of a search where the spec lists none, cheapest first.

Each is data: passes, settings of the flavour, what it needs, and ranges of numbers that are left open. A
stage that does not fit the model, such as factoring the head of one that has no dense layer, is refused by
the pass itself, and the search tells why. Two stages of the same recipe and open numbers are asked for the
same first numbers, so that the second finds the models that the first trained.
"""

from __future__ import annotations

from typing import Any

from fieldpack.search.settings import Choice, Stage

INT8: dict[str, Any] = {"method": "static_int8", "ranges": {"kind": "mse"}, "bias_correction": True}
LAST: dict[str, Any] = {"epochs": 20, "batch": 32, "learning_rate": 3e-4, "warm_up": 1, "mixup": 0.2}
SHORT: dict[str, Any] = {"epochs": 5, "batch": 32, "learning_rate": 1e-4, "warm_up": 0.5}

TEACHER: dict[str, Any] = {"teacher": "source", "temperature": 2.0, "label_weight": 0.2}
PRUNE: dict[str, Any] = {"method": "prune_channels", "layers": ".*", "share": 0.3}
DISTIL: dict[str, Any] = {"method": "distil", "layers": ".*", **TEACHER, "training": LAST}
ZEROS: dict[str, Any] = {
    "method": "prune_weights",
    "layers": ".*",
    "pattern": "unstructured",
    "share": 0.6,
    "rise": 12,
    "training": LAST,
    "teaching": TEACHER,
}
QAT: dict[str, Any] = {"method": "quantisation_aware", "layers": ".*", "training": SHORT}
MIXED: dict[str, Any] = {"methods": ["dynamic_int8", "dynamic_int4"], "share": 0.2}


def _rounding(bits: int) -> tuple[dict[str, Any], ...]:
    return ({"method": "round", "layers": ".*", "bits": bits},)


TFLITE_STAGES = (
    Stage(name="float32", cost=0, flavour={"method": "float32"}),
    Stage(name="float16", cost=0, flavour={"method": "float16"}),
    Stage(name="dynamic", cost=1, flavour={"method": "dynamic_int8"}),
    Stage(
        name="static",
        cost=2,
        flavour={**INT8, "ranges": {"kind": "min_max"}, "bias_correction": False},
        needs=("calibration",),
    ),
    Stage(name="static-corrected", cost=3, flavour=INT8, needs=("calibration",)),
    Stage(
        name="static-percentile",
        cost=4,
        flavour={**INT8, "ranges": {"kind": "percentile", "percent": 99.9}},
        choices={"flavour.ranges.percent": Choice(low=99.0, high=99.999)},
        tries=4,
        needs=("calibration",),
    ),
    Stage(name="dynamic-int4", cost=4, flavour={"method": "dynamic_int4"}),
    Stage(
        name="equalised",
        cost=5,
        recipe=({"method": "equalise", "layers": ".*"},),
        flavour=INT8,
        needs=("calibration", "open"),
    ),
    Stage(name="rounded", cost=6, recipe=_rounding(8), flavour=INT8, needs=("calibration", "open")),
    Stage(
        name="rounded-int4",
        cost=6,
        recipe=_rounding(4),
        flavour={"method": "dynamic_int4"},
        needs=("calibration", "open"),
    ),
    Stage(
        name="mixed",
        cost=7,
        flavour={"method": "dynamic_int8", "mixed": MIXED},
        choices={"flavour.mixed.share": Choice(low=0.13, high=0.25)},
        tries=4,
        needs=("calibration",),
    ),
    Stage(
        name="low-rank-head",
        cost=8,
        recipe=({"method": "low_rank", "layers": ".*", "rank": 64},),
        flavour=INT8,
        choices={"recipe.0.rank": Choice(low=8, high=512, whole=True, log=True)},
        tries=4,
        needs=("calibration", "open"),
    ),
    Stage(
        name="quantisation-aware",
        cost=9,
        recipe=(QAT,),
        flavour=INT8,
        needs=("calibration", "training", "open"),
    ),
    Stage(
        name="pruned-distilled",
        cost=10,
        recipe=(PRUNE, DISTIL),
        flavour=INT8,
        choices={"recipe.0.share": Choice(low=0.1, high=0.6)},
        tries=6,
        needs=("calibration", "training", "open"),
    ),
    Stage(
        name="pruned-distilled-mixed",
        cost=11,
        recipe=(PRUNE, DISTIL),
        flavour={"method": "dynamic_int8", "mixed": {**MIXED, "share": 0.16}},
        choices={"recipe.0.share": Choice(low=0.1, high=0.6)},
        tries=4,
        needs=("calibration", "training", "open"),
    ),
    Stage(
        name="pruned-distilled-int4",
        cost=12,
        recipe=(PRUNE, DISTIL, *_rounding(4)),
        flavour={"method": "dynamic_int4"},
        choices={"recipe.0.share": Choice(low=0.1, high=0.6)},
        tries=4,
        needs=("calibration", "training", "open"),
    ),
    Stage(
        name="sparse-distilled",
        cost=12,
        recipe=(ZEROS,),
        flavour=INT8,
        choices={"recipe.0.share": Choice(low=0.5, high=0.9)},
        tries=6,
        needs=("calibration", "training", "open", "download_bytes"),
    ),
    Stage(
        name="sparse-distilled-int4",
        cost=13,
        recipe=(ZEROS, *_rounding(4)),
        flavour={"method": "dynamic_int4"},
        choices={"recipe.0.share": Choice(low=0.5, high=0.9)},
        tries=4,
        needs=("calibration", "training", "open", "download_bytes"),
    ),
)
"""For a TFLite flavour."""
