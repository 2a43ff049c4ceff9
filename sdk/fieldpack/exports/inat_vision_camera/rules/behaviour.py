"""Do the models answer as the plugin takes for granted, and the same on both platforms?"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

from fieldpack.exports.inat_vision_camera import facts
from fieldpack.exports.inat_vision_camera.answers import (
    PLACES,
    Answers,
    geo_at,
    largest_difference,
    picture_distance,
    place_distance,
)
from fieldpack.exports.inat_vision_camera.contents import Contents, Role
from fieldpack.exports.inat_vision_camera.rule import Finding, Rule, Severity, listed
from fieldpack.exports.inat_vision_camera.rules import core_ml_files, tflite_files

if TYPE_CHECKING:
    from numpy.typing import NDArray

WRONG = "wrong scores in silence"
SKEW = facts.HIGHEST_M / facts.SERVER_HIGHEST_M
SATURATED = 0.9999
CLEARLY = 4.0
FLOOR_SHARE = 0.01
SMALL = 1e-4


def _rule(
    name: str,
    looks_at: str,
    consequence: str,
    remedy: str,
    severity: Severity = Severity.ERROR,
    ios: str | None = None,
) -> Rule:
    return Rule(name, severity, looks_at, consequence, consequence if ios is None else ios, remedy)


NAN = _rule(
    "answer-nan", "finite scores", WRONG, "look for a layer that overflows; float16 is a common cause"
)
NEGATIVE = _rule(
    "scores-range",
    "scores of a picture between 0 and 1",
    "logits or sigmoid sums break the renormalisation: scores above 100 % or negative ones",
    "end the graph with a softmax",
)
SUM = _rule(
    "scores-sum",
    "scores of a picture sum to 1",
    "scores are divided by 1 minus what was pruned: they mean no probabilities then, 0.78 and 70 no limits",
    "end the graph with a softmax; independent labels cannot be told to the plugin",
)
SATURATION = _rule(
    "scores-saturated",
    "made-up pictures get no certain answer",
    "the model probably expects 0..1 and gets 0..255: one class wins whatever is seen",
    "scale inside the graph",
    Severity.WARNING,
)
GEO_RANGE = _rule(
    "geo-range",
    "scores of a place between 0 and 1",
    "vision scores are multiplied by it, thresholds of 0 to 1 are compared with it",
    "end the graph with a sigmoid",
)
GEO_SOFTMAX = _rule(
    "geo-softmax",
    "scores of a place are independent, and do not sum to 1",
    "each taxon gets a share: common ones veto rare ones, and thresholds shift with every new taxon",
    "end the graph with a sigmoid",
    Severity.WARNING,
)
GEO_DEAF = _rule(
    "geo-constant",
    "scores of a place depend on the place",
    "every place gets the same scores",
    "export the trained weights; check the order of the five inputs",
)
GEO_FLOOR = _rule(
    "geo-floor",
    f"geo scores stay above the server's floor of {facts.SERVER_FLOOR}",
    "the plugin has no floor: a score near 0 vetoes whatever vision says, and differs from the server so",
    "raise low scores inside the graph: `fieldpack export ... --geo-floor 0.005`",
    Severity.NOTE,
)
FLOOR_THRESHOLD = _rule(
    "geo-floor-threshold",
    "no threshold lies below the floor of the geo model",
    "the taxon counts as expected nearby everywhere",
    "lower the floor, or raise the thresholds",
    Severity.WARNING,
)
VISION_APART = _rule(
    "vision-platforms-disagree",
    "both vision models answer alike",
    "another answer than iOS for the same picture",
    "compare scale, colour order and weights of both files; `fieldpack build` makes both from one model",
    ios="another answer than Android for the same picture",
)
GEO_APART = _rule(
    "geo-platforms-disagree",
    "both geo models answer alike",
    "another answer than iOS for the same place",
    "compare weights and versions of both files; `fieldpack build` makes both from one model",
    ios="another answer than Android for the same place",
)
ELEVATION = _rule(
    "geo-elevation-scale",
    "both geo models expect the same scale of elevations",
    f"heights above the sea are taken for {1 / SKEW:.2f} times or {SKEW:.2f} times what they are",
    f"one file was trained with {facts.SERVER_HIGHEST_M:g}, the other with {facts.HIGHEST_M:g}: fold "
    f"{facts.HIGHEST_M:g} / {facts.SERVER_HIGHEST_M:g} into the first",
)
RULES = (
    NAN,
    NEGATIVE,
    SUM,
    SATURATION,
    GEO_RANGE,
    GEO_SOFTMAX,
    GEO_DEAF,
    GEO_FLOOR,
    FLOOR_THRESHOLD,
    VISION_APART,
    GEO_APART,
    ELEVATION,
)
REFUSED = {
    Role.ANDROID_VISION: tflite_files.REFUSED,
    Role.ANDROID_GEO: tflite_files.REFUSED,
    Role.IOS_VISION: core_ml_files.REFUSED,
    Role.IOS_GEO: core_ml_files.REFUSED,
}


def check(contents: Contents, answers: Answers, tolerance: float) -> Iterator[Finding]:
    """Look for every fault of this subject.

    Parameters
    ----------
    contents : Contents
        The directory.
    answers : Answers
        From ``run_models``.
    tolerance : float
        How far the platforms' answers may lie apart; see ``answers``.
    """
    for role, reason in answers.refused.items():
        yield Finding(REFUSED[role], contents.shown(contents.path(role)), reason)
    for role, scores in answers.scores.items():
        shown = contents.shown(contents.path(role))
        if not np.isfinite(scores).all():
            yield Finding(NAN, shown, f"{int((~np.isfinite(scores)).sum())} of {scores.size} scores")
        elif role in (Role.ANDROID_VISION, Role.IOS_VISION):
            yield from _vision(scores, shown)
        else:
            yield from _geo(scores, shown)
            yield from _floor(contents, role, scores, shown)
    yield from _vision_apart(contents, answers, tolerance)
    yield from _geo_apart(contents, answers, tolerance)


def _vision(scores: NDArray[Any], shown: str) -> Iterator[Finding]:
    if scores.min() < -SMALL or scores.max() > 1 + SMALL:
        yield Finding(NEGATIVE, shown, f"scores from {scores.min():.4g} to {scores.max():.4g}")
        return
    sums = scores.astype(np.float64).sum(axis=-1)
    if np.abs(sums - 1).max() > facts.SUM_TOLERANCE:
        yield Finding(SUM, shown, f"sums from {sums.min():.4g} to {sums.max():.4g}")
    elif scores.shape[-1] > 1 and (scores.max(axis=-1) > SATURATED).all():
        yield Finding(
            SATURATION, shown, f"every made-up picture is class {listed(_winners(scores))} for sure"
        )


def _winners(scores: NDArray[Any]) -> list[int]:
    return sorted({int(winner) for winner in scores.argmax(axis=-1)})


def _geo(scores: NDArray[Any], shown: str) -> Iterator[Finding]:
    if scores.min() < -SMALL or scores.max() > 1 + SMALL:
        yield Finding(GEO_RANGE, shown, f"scores from {scores.min():.4g} to {scores.max():.4g}")
        return
    sums = scores.astype(np.float64).sum(axis=-1)
    if scores.shape[-1] > 1 and np.abs(sums - 1).max() <= facts.SUM_TOLERANCE:
        yield Finding(GEO_SOFTMAX, shown, f"the scores of all {len(scores)} places sum to 1")
    if np.ptp(scores, axis=0).max() == 0:
        yield Finding(GEO_DEAF, shown, f"the same scores at {PLACES} places over the globe")
    lowest = float(scores.min())
    if lowest < facts.SERVER_FLOOR - SMALL:
        share = float((scores < facts.SERVER_FLOOR).mean())
        yield Finding(
            GEO_FLOOR, shown, f"lowest score {lowest:.2g}; {share:.0%} lie below {facts.SERVER_FLOOR}"
        )


def _floor(contents: Contents, role: Role, scores: NDArray[Any], shown: str) -> Iterator[Finding]:
    """A floor shows as one lowest value that many scores have exactly."""
    lowest = float(scores.min())
    moves = np.ptp(scores, axis=0).max() > 0
    if lowest <= 0 or not moves or (scores == lowest).mean() < FLOOR_SHARE:
        return
    taxonomy = Role.ANDROID_TAXONOMY if role.is_android else Role.IOS_TAXONOMY
    rows = contents.taxonomies[taxonomy].leaves if taxonomy in contents.taxonomies else []
    below = [row.taxon for row in rows if row.threshold is not None and row.threshold <= lowest]
    if below:
        taxa = listed([str(taxon) for taxon in below])
        yield Finding(FLOOR_THRESHOLD, shown, f"floor {lowest:.4g}; thresholds at or below it: {taxa}")


def _vision_apart(contents: Contents, answers: Answers, tolerance: float) -> Iterator[Finding]:
    pair = _pair(answers, Role.ANDROID_VISION, Role.IOS_VISION)
    if pair is None:
        return
    apart = picture_distance(*pair)
    if apart > tolerance:
        shown = contents.shown(contents.path(Role.IOS_VISION))
        other = contents.shown(contents.path(Role.ANDROID_VISION))
        message = f"{apart:.3g} apart from {other} in mean total variation, at most {tolerance:g} allowed"
        yield Finding(VISION_APART, shown, message)


def _geo_apart(contents: Contents, answers: Answers, tolerance: float) -> Iterator[Finding]:
    pair = _pair(answers, Role.ANDROID_GEO, Role.IOS_GEO)
    if pair is None:
        return
    shown = contents.shown(contents.path(Role.IOS_GEO))
    other = contents.shown(contents.path(Role.ANDROID_GEO))
    plain = place_distance(*pair)
    high = slice(0, PLACES)
    above, below = (
        largest_difference(pair[0][high], pair[1][high]),
        largest_difference(pair[0][PLACES:], pair[1][PLACES:]),
    )
    factor = _factor(contents, pair[0][high], above, below)
    if factor is not None:
        message = f"agrees with {other} once heights above 0 are taken times {factor:.4f}"
        yield Finding(ELEVATION, shown, f"{above:.2g} apart above the sea, {below:.2g} elsewhere; {message}")
    elif plain > tolerance:
        yield Finding(GEO_APART, shown, f"{plain:.3g} apart from {other}, at most {tolerance:g} allowed")


def _factor(contents: Contents, android: NDArray[Any], above: float, below: float) -> float | None:
    """The factor on heights that makes both agree; None where no such one explains the difference."""
    if above < SMALL or above < CLEARLY * below:
        return None
    for factor in (SKEW, 1 / SKEW):
        scaled = largest_difference(android, geo_at(contents, factor)[:PLACES])
        if scaled * CLEARLY < above:
            return factor
    return None


def _pair(answers: Answers, one: Role, other: Role) -> tuple[NDArray[Any], NDArray[Any]] | None:
    if one not in answers.scores or other not in answers.scores:
        return None
    first, second = answers.scores[one], answers.scores[other]
    finite = np.isfinite(first).all() and np.isfinite(second).all()
    return (first, second) if first.shape == second.shape and finite else None
