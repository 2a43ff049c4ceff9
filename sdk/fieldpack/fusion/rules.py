"""The modes, and what each of them does otherwise."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType

from fieldpack.exports.inat_vision_camera.facts import SERVER_FLOOR

MAMMALS = "40151"
HUMAN_MARGIN = 1.5
"""People are the answer when their score is more than so many times the next."""
SERVER_DECIMALS = 5
"""The server's thresholds are floored to so many decimals."""
ANSWERS = 10
"""Leaves that an answer lists."""


class Mode(StrEnum):
    """Whose answer is reproduced."""

    SERVER = "server"
    IOS = "ios"
    ANDROID = "android"
    ANDROID_TRANSPOSED = "android-transposed"

    @property
    def phone(self) -> bool:
        """Whether it is one of the phone plugins."""
        return self is not Mode.SERVER


@dataclass(frozen=True, slots=True)
class Rules:
    """What a mode does.

    Attributes
    ----------
    floor : float or None
        Scores of place and sound are raised to it before they are multiplied.
    zero_sum_answers : bool
        Whether scores that are all 0 still give an answer (zeros); else there is none.
    zero_geo_is_null : bool
        Whether a geo score of exactly 0 is told as null.
    life_listed : bool
        Whether the root can be a common ancestor.
    filters : bool
        Whether answers can be restricted to a taxon, and to all but a taxon.
    human_window : int
        Best leaves among which people are looked for.
    mammals_spare : bool
        Whether people are only left out, rather than the answer emptied, when no other mammal is in the
        window.
    share_included : bool
        Whether a leaf at exactly 0.01 of the best counts for the common ancestor.
    missing_threshold_is_near : bool
        Whether a taxon without a threshold is expected everywhere; else nowhere.
    upright : bool
        Whether the orientation that a picture file states is applied.
    transposed : bool
        Whether rows and columns of a picture are exchanged: the plugin up to the fix of its pull request 102.
    """

    floor: float | None
    zero_sum_answers: bool
    zero_geo_is_null: bool
    life_listed: bool
    filters: bool
    human_window: int
    mammals_spare: bool
    share_included: bool
    missing_threshold_is_near: bool
    upright: bool
    transposed: bool


def _phone(*, android: bool, transposed: bool = False) -> Rules:
    return Rules(
        floor=None,
        zero_sum_answers=android,
        zero_geo_is_null=not android,
        life_listed=android,
        filters=android,
        human_window=100,
        mammals_spare=False,
        share_included=True,
        missing_threshold_is_near=True,
        upright=not android,
        transposed=transposed,
    )


RULES: Mapping[Mode, Rules] = MappingProxyType(
    {
        Mode.SERVER: Rules(
            floor=SERVER_FLOOR,
            zero_sum_answers=True,
            zero_geo_is_null=False,
            life_listed=False,
            filters=True,
            human_window=10,
            mammals_spare=True,
            share_included=False,
            missing_threshold_is_near=False,
            upright=True,
            transposed=False,
        ),
        Mode.IOS: _phone(android=False),
        Mode.ANDROID: _phone(android=True),
        Mode.ANDROID_TRANSPOSED: _phone(android=True, transposed=True),
    }
)
