"""Both platforms' models run on the same made-up pictures and places.

TFLite runs on LiteRT (evidence ``host``), Core ML on Fieldpack's own engines (evidence ``reference``); no
phone takes part. Pictures are smooth patches of colour under noise, since plain noise looks the same to
every network. Places cover the globe at heights on both sides of the sea; every place comes three times,
at 1000 m, at -1000 m, and without elevation.

How far two sets of answers lie apart, 0 to 1. Pictures: the mean total variation between the two
distributions, half the sum of the absolute differences. Places: the sum of the absolute differences over the
sum of the larger scores (one minus the weighted Jaccard index), which is as strict where few of many taxa are
anywhere near, and does not grow with the number of taxa as the largest difference does.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from fieldpack.errors import FieldpackError, MissingDependencyError, UnsupportedError
from fieldpack.exports.inat_vision_camera import facts
from fieldpack.exports.inat_vision_camera.contents import Contents, Role

if TYPE_CHECKING:
    from numpy.typing import NDArray

PICTURES = 4
PLACES = 32
PATCHES = 8
ELEVATIONS_M = (1000.0, -1000.0, -facts.LOWEST_M)


@dataclass
class Answers:
    """Scores of every model that ran.

    Attributes
    ----------
    scores : dict of Role to ndarray
        Output that the plugin reads: [PICTURES, ...] of a vision model, [3 * PLACES, ...] of a geo model.
    refused : dict of Role to str
        Models that their runtime refuses.
    not_run : dict of Role to str
        Models that nothing here can run, and why.
    """

    scores: dict[Role, NDArray[np.float32]] = field(default_factory=dict)
    refused: dict[Role, str] = field(default_factory=dict)
    not_run: dict[Role, str] = field(default_factory=dict)


def make_pictures() -> NDArray[np.uint8]:
    """Pictures, [PICTURES, 299, 299, 3], RGB, the same every time."""
    rng = np.random.default_rng(299)
    tint = rng.integers(0, 256, (PICTURES, 1, 1, 3))
    coarse = (tint + rng.integers(0, 256, (PICTURES, PATCHES, PATCHES, 3))) / 2
    at = np.linspace(0, PATCHES - 1, facts.SIZE)
    low = np.minimum(at.astype(int), PATCHES - 2)
    share = at - low
    rows = coarse[:, low] * (1 - share)[:, None, None] + coarse[:, low + 1] * share[:, None, None]
    smooth = rows[:, :, low] * (1 - share)[:, None] + rows[:, :, low + 1] * share[:, None]
    pictures: NDArray[np.uint8] = (
        np.rint(smooth + rng.normal(0, 8, smooth.shape)).clip(0, 255).astype(np.uint8)
    )
    return pictures


def make_places(scale: float = 1.0) -> NDArray[np.float32]:
    """Vectors as the plugin feeds them, [3 * PLACES, 5]; elevations above 0 times `scale`."""
    rng = np.random.default_rng(5)
    places = [(float(rng.uniform(-89, 89)), float(rng.uniform(-179, 179))) for _ in range(PLACES)]
    vectors = [facts.location_vector(*place, height) for height in ELEVATIONS_M for place in places]
    made = np.array(vectors, np.float32)
    made[:, 4] = np.where(made[:, 4] > 0, made[:, 4] * np.float32(scale), made[:, 4])
    return made


def run_models(contents: Contents) -> Answers:
    """Run what can be run.

    Raises
    ------
    MissingDependencyError
        LiteRT is not installed.
    """
    answers = Answers()
    for role in (Role.ANDROID_VISION, Role.ANDROID_GEO):
        if role in contents.tflite:
            _attempt(answers, contents, role, _run_tflite)
    for role in (Role.IOS_VISION, Role.IOS_GEO):
        if role in contents.core_ml:
            _attempt(answers, contents, role, _run_core_ml)
    return answers


def _attempt(answers: Answers, contents: Contents, role: Role, run: Any) -> None:
    try:
        answers.scores[role] = run(contents, role)
    except (MissingDependencyError, UnsupportedError) as error:
        answers.not_run[role] = f"{error.what}: {error.came or error.hint}"
    except FieldpackError as error:
        answers.refused[role] = error.what if error.came is None else f"{error.what}: {error.came}"


def _run_tflite(contents: Contents, role: Role) -> NDArray[np.float32]:
    from fieldpack.tflite.load_check import check_loads
    from fieldpack.tflite.runner import TfliteRunner

    model, path = contents.tflite[role], contents.path(role)
    wanted = facts.VISION_INPUT if role is Role.ANDROID_VISION else facts.GEO_INPUT
    if path is None or len(model.inputs) != 1 or model.inputs[0].shape != wanted:
        raise UnsupportedError("The model does not take what the plugin feeds", came="see the other findings")
    check_loads(path)
    runner = TfliteRunner(path)
    spec = runner.inputs[0]
    rows = make_pictures() if role is Role.ANDROID_VISION else make_places()
    fed = [row[None].astype(np.float32) for row in rows]
    first = runner.outputs[0].name
    return np.stack([np.asarray(runner.run_real({spec.name: row})[first][0], np.float32) for row in fed])


def _run_core_ml(contents: Contents, role: Role, scale: float = 1.0) -> NDArray[np.float32]:
    from fieldpack.coreml.engine import open_engine

    stated = contents.core_ml[role]
    if stated.package is None:
        raise UnsupportedError("A compiled model is not run here", came=stated.path.name)
    is_vision = role is Role.IOS_VISION
    spec = stated.inputs[0] if len(stated.inputs) == 1 else None
    if spec is None or spec.shape != (facts.VISION_INPUT if is_vision else facts.GEO_INPUT):
        raise UnsupportedError("The model does not take what the plugin feeds", came="see the other findings")
    if (spec.kind == "image") != is_vision or not stated.outputs:
        raise UnsupportedError("The model does not take what the plugin feeds", came="see the other findings")
    engine = open_engine(stated.package)
    rows = make_pictures() if is_vision else make_places(scale)
    fed = rows if is_vision else rows.astype(spec.dtype)
    return np.stack([_first(engine.run({spec.name: row[None]})) for row in fed])


def _first(outputs: dict[str, Any]) -> NDArray[np.float32]:
    """The one output, without its leading axis where it has one."""
    scores = np.asarray(next(iter(outputs.values())), np.float32)
    return scores[0] if scores.ndim > 1 else scores


def geo_at(contents: Contents, scale: float) -> NDArray[np.float32]:
    """Scores of the Core ML geo model with elevations above 0 times `scale`."""
    return _run_core_ml(contents, Role.IOS_GEO, scale)


def picture_distance(one: NDArray[Any], other: NDArray[Any]) -> float:
    """Mean total variation over pictures, 0 to 1."""
    return float(np.mean(np.abs(one.astype(np.float64) - other).sum(axis=-1) / 2))


def place_distance(one: NDArray[Any], other: NDArray[Any]) -> float:
    """One minus the weighted Jaccard index of the scores, 0 to 1 for scores of at least 0."""
    first, second = one.astype(np.float64), other.astype(np.float64)
    larger = np.maximum(np.abs(first), np.abs(second)).sum()
    return float(np.abs(first - second).sum() / larger) if larger > 0 else 0.0


def largest_difference(one: NDArray[Any], other: NDArray[Any]) -> float:
    """Largest absolute difference of a score."""
    return float(np.max(np.abs(one.astype(np.float64) - other)))
