"""All of it on arrays."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from fieldpack.errors import InputError
from fieldpack.fusion import phones, server
from fieldpack.fusion.answer import Answer, Prediction
from fieldpack.fusion.combine import Sources, combine
from fieldpack.fusion.frames import StoredResults
from fieldpack.fusion.nearby import expected_nearby
from fieldpack.fusion.options import Options
from fieldpack.fusion.rules import RULES, Mode, Rules
from fieldpack.fusion.tree import Tree
from fieldpack.taxonomy.rollup import Numbers
from fieldpack.taxonomy.synonyms import with_synonyms
from fieldpack.taxonomy.tree import Taxonomy

SUM_SLACK = 1e-3
DEFAULTS = Options()
FRAMES = Options(confidence_percent=0.0)
NO_ANSWER = "all scores are 0, to which iOS gives no answer"


def fuse(
    picture: ArrayLike | None,
    place: ArrayLike | None,
    sound: ArrayLike | None,
    taxonomy: Taxonomy,
    mode: Mode | str,
    options: Options = DEFAULTS,
) -> Answer:
    """What the server or a phone answers to these scores.

    Parameters
    ----------
    picture, place, sound : array_like or None
        Scores 0 to 1, [C] float in the order of the outputs; None for none. Without a picture the sound
        stands in its place; of a place alone the answer is what is expected there. NaN in `sound`: unknown to
        its model.
    taxonomy : Taxonomy
        With C leaves; thresholds as its taxa state them.
    mode : Mode or str
        ``server``, ``ios``, ``android`` or ``android-transposed`` (which differs in pictures only).
    options : Options
        Requests.

    Returns
    -------
    Answer
        Under the plugin's keys by :meth:`Answer.as_dict`; scores 0 to 100.

    Raises
    ------
    InputError
        There is no source, a shape or a score does not fit, or the mode is unknown.
    """
    asked = _asked(picture, place, sound, taxonomy, mode, options)
    geo, near, notes = asked.sources.geo, asked.near, asked.notes
    if asked.place_alone:
        return Answer(asked.mode, expected_nearby=near, notes=notes)
    scores = combine(asked.sources, asked.tree, asked.mode, asked.rules, options)
    if scores is None:
        return Answer(asked.mode, expected_nearby=near, notes=(*notes, NO_ANSWER))
    if not asked.mode.phone:
        told, ancestor = server.leaves_and_ancestor(asked.tree, scores, geo, asked.rules, options)
        return Answer(asked.mode, tuple(told), ancestor, (), near, notes)
    rolled = phones.roll_up(asked.tree, scores, geo, asked.rules, options)
    told, ancestor = phones.leaves_and_ancestor(asked.tree, rolled, asked.rules, options)
    branch = tuple(phones.best_branch(asked.tree, rolled, options))
    return Answer(asked.mode, tuple(told), ancestor, branch, near, notes)


def fuse_frame(
    picture: ArrayLike,
    place: ArrayLike | None,
    taxonomy: Taxonomy,
    mode: Mode | str,
    stored: StoredResults,
    options: Options = FRAMES,
) -> list[Prediction]:
    """What an app is told after one more frame of its camera.

    Parameters
    ----------
    picture, place, taxonomy, mode
        As of :func:`fuse`; a phone's mode.
    stored : StoredResults
        The results so far; this one is added.
    options : Options
        Requests; the confidence of frames is 0 where none is asked for.

    Returns
    -------
    list of Prediction
        Life first, ranks of whole tens; scores 0 to 100.

    Raises
    ------
    InputError
        As of :func:`fuse`, or the mode is the server's, which sees no frames.
    """
    asked = _asked(picture, place, None, taxonomy, mode, options)
    if not asked.mode.phone:
        raise InputError("the server sees no frames", came=asked.mode.value, allowed="ios or android")
    scores = combine(asked.sources, asked.tree, asked.mode, asked.rules, options)
    if scores is None:
        return stored.add([], options.confidence_percent)
    rolled = phones.roll_up(asked.tree, scores, asked.sources.geo, asked.rules, options)
    return stored.add(phones.branch(asked.tree, rolled), options.confidence_percent)


@dataclass(frozen=True, slots=True)
class _Asked:
    """One question, checked."""

    mode: Mode
    rules: Rules
    tree: Tree
    sources: Sources
    place_alone: bool
    near: tuple[str, ...]
    notes: tuple[str, ...]


def _asked(
    picture: ArrayLike | None,
    place: ArrayLike | None,
    sound: ArrayLike | None,
    taxonomy: Taxonomy,
    mode: Mode | str,
    options: Options,
) -> _Asked:
    if mode not in set(Mode):
        raise InputError("there is no such mode", came=mode, allowed=", ".join(Mode))
    if picture is None and place is None and sound is None:
        raise InputError("there is nothing to fuse", allowed="scores of a picture, a place or a sound")
    mode = Mode(mode)
    rules, count = RULES[mode], len(taxonomy.leaves)
    tree = Tree(taxonomy if mode.phone or not options.synonyms else with_synonyms(taxonomy, options.synonyms))
    given = {
        name: None if scores is None else _checked(scores, count, name, allow_unknown=name == "sound")
        for name, scores in (("picture", picture), ("place", place), ("sound", sound))
    }
    seen, geo, heard = (None if array is None else array[tree.columns] for array in given.values())
    base = seen if seen is not None else heard
    near = () if geo is None else expected_nearby(tree, geo, mode, rules)
    sources = Sources(
        np.zeros(len(tree.columns)) if base is None else np.nan_to_num(base),
        geo,
        None if seen is None else heard,
    )
    notes = tuple(_notes(given["picture"], given["sound"], mode, options))
    return _Asked(mode, rules, tree, sources, base is None, near, notes)


def aligned(
    scores: ArrayLike, taxonomy: Taxonomy, wanted: Taxonomy, *, missing: float | None = None
) -> Numbers:
    """Scores of one model in the order of another's outputs, matched by taxon id.

    Parameters
    ----------
    scores : array_like
        [C'] in the order of `taxonomy`.
    taxonomy, wanted : Taxonomy
        Of the model that gave them, and of the one whose order is wanted.
    missing : float, optional
        What a taxon gets that the model does not know.

    Returns
    -------
    ndarray
        float64 [C].

    Raises
    ------
    InputError
        A shape does not fit, or a taxon is missing and `missing` is None.
    """
    values = _checked(scores, len(taxonomy.leaves), "scores", allow_unknown=True)
    known = {taxon.id: values[number] for number, taxon in enumerate(taxonomy.leaves)}
    absent = [taxon.id for taxon in wanted.leaves if taxon.id not in known]
    if absent and missing is None:
        raise InputError(
            f"{len(absent)} taxa are unknown to the other model",
            came=", ".join(absent[:5]),
            allowed="models that share their taxon ids",
            hint="compare both taxonomies: fieldpack taxonomy diff",
        )
    return np.array([known.get(taxon.id, missing) for taxon in wanted.leaves], np.float64)


def with_flavour(answer: Answer, flavour: str, notes: Sequence[str] = ()) -> Answer:
    """The same answer with the flavour that ran and further notes."""
    return dataclasses.replace(answer, flavour=flavour, notes=(*answer.notes, *notes))


def _checked(scores: ArrayLike, count: int, name: str, *, allow_unknown: bool) -> Numbers:
    values = np.asarray(scores, np.float64)
    if values.shape != (count,):
        raise InputError(
            f"the {name} has another number of scores", came=values.shape, allowed=f"({count},), one a leaf"
        )
    known = values[~np.isnan(values)] if allow_unknown else values
    if not (np.isfinite(known).all() and (known >= 0).all() and (known <= 1).all()):
        raise InputError(
            f"the {name} has scores outside 0 to 1", came=f"{np.min(values)} to {np.max(values)}"
        )
    return values


def _notes(picture: Numbers | None, sound: Numbers | None, mode: Mode, options: Options) -> Iterator[str]:
    total = None if picture is None else float(picture.sum())
    if mode.phone and total is not None and abs(total - 1) > SUM_SLACK:
        yield f"picture scores have the sum {total:.4g}; phones divide as if it were 1"
    if sound is not None:
        yield "sound is a factor as place is; neither the server nor an app has one"
    if options.filter_taxon is not None and mode is Mode.IOS:
        yield "iOS has no filter"
    if options.negative_filter and mode is Mode.SERVER:
        yield "the server has no negative filter"
    if options.synonyms and mode.phone:
        yield "phones know no synonyms"
