"""When a picture of people gives no answer: the phones' rule, and the server's of July 2025."""

from __future__ import annotations

from collections.abc import Sequence

from fieldpack.exports.inat_vision_camera.facts import HUMAN
from fieldpack.fusion.answer import Prediction
from fieldpack.fusion.rules import HUMAN_MARGIN, MAMMALS, Rules

PEOPLE = str(HUMAN)


def without_humans(leaves: Sequence[Prediction], rules: Rules, mammals_known: bool) -> list[Prediction]:
    """The leaves that may be told.

    Where people are among the best `rules.human_window` and are not alone: people only when they come first
    with more than 1.5 times the next score; else nothing. The server leaves out people instead, and all
    beyond the window, when no other mammal is in it.

    Parameters
    ----------
    leaves : sequence of Prediction
        Highest score first.
    rules : Rules
        Of the mode.
    mammals_known : bool
        Whether the taxonomy has the mammals.
    """
    window = list(leaves[: rules.human_window])
    place = next((number for number, item in enumerate(window) if item.taxon.id == PEOPLE), None)
    if place is None or len(window) == 1:
        return list(leaves)
    if place == 0 and _ratio(window[0].score, window[1].score) > HUMAN_MARGIN:
        return window[:1]
    if rules.mammals_spare and mammals_known:
        mammals = [item for item in window if MAMMALS in item.ancestor_ids]
        if len(mammals) == 1:
            return [item for item in window if item.taxon.id != PEOPLE]
    return []


def _ratio(first: float, second: float) -> float:
    if second == 0:
        return float("inf") if first > 0 else float("nan")
    return first / second
