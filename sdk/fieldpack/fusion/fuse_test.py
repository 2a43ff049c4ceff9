"""Every quirk of the server and the phones, worked by hand."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest

from fieldpack.errors import InputError
from fieldpack.fusion import Answer, Options, RankType, StoredResults, aligned, fuse, fuse_frame
from fieldpack.fusion.answer import Prediction
from fieldpack.taxonomy import Taxon, Taxonomy
from fieldpack.taxonomy.synonyms import Synonym
from fieldpack.taxonomy.testing import SMALL

VISION = [0.5, 0.25, 0.125, 0.0, 0.0625, 0.0625]
GEO = [0.5, 0.0, 1.0, 0.5, 0.25, 0.0]
PHONES = ("ios", "android")


def tits(count: int, *, rank: float = 10.0, genus: float = 20.0, threshold: float | None = None) -> Taxonomy:
    """A family with two genera, of which the second has the last species alone."""
    genera = [
        Taxon("f", None, "Paridae", 30.0),
        Taxon("a", "f", "Parus", genus),
        Taxon("b", "f", "Poecile", genus),
    ]
    homes = ["a"] * (count - 1) + ["b"]
    species = [Taxon(f"s{k}", home, f"s{k}", rank, k, threshold) for k, home in enumerate(homes)]
    return Taxonomy((*genera, *species))


def found(answer: Answer) -> str | None:
    return None if answer.common_ancestor is None else answer.common_ancestor.taxon.id


def test_keys_are_those_of_the_plugin() -> None:
    answer = fuse(VISION, GEO, None, SMALL, "android").as_dict()
    first = answer["predictions"][0]  # type: ignore[index]
    assert first == {
        "taxon_id": 8,
        "name": "Parus major",
        "score": pytest.approx(100 * 0.25 / 0.390625),
        "combined_score": pytest.approx(100 * 0.25 / 0.390625),
        "vision_score": pytest.approx(100 * 0.5 / (1 - 0.3125)),
        "geo_score": 50.0,
        "geo_threshold": 25.0,
        "rank_level": 10.0,
        "rank": "species",
        "ancestor_ids": [48460, 1, 2, 3, 4, 5, 6, 7],
        "leaf_id": 0,
    }
    assert json.loads(json.dumps(answer)) == answer


def test_phones_prune_at_a_thousandth_and_divide_by_what_is_left() -> None:
    scores = [0.9985, 0.0009, 0.0006]
    for mode in PHONES:
        (only,) = fuse(scores, None, None, tits(3), mode).predictions
        assert only.score == pytest.approx(100 * 0.9985 / (1 - 0.0015))
    assert len(fuse(scores, None, None, tits(3), "server").predictions) == 3
    kept = fuse([0.9990, 0.0010 * 0.9990, 0.0], None, None, tits(3), "ios").predictions
    assert [item.taxon.id for item in kept] == ["s0", "s1"]
    answer = fuse(scores, None, None, tits(3), "android", Options(cutoff=0.0007))
    assert [item.taxon.id for item in answer.predictions] == ["s0", "s1"]


def test_division_assumes_a_softmax() -> None:
    answer = fuse([0.9, 0.9, 0.0001], None, None, tits(3), "android")
    assert [round(item.score, 3) for item in answer.predictions] == [90.009, 90.009]
    assert answer.notes == ("picture scores have the sum 1.8; phones divide as if it were 1",)


def test_ancestors_sum_take_the_largest_geo_score_and_the_smallest_threshold() -> None:
    taxonomy = tits(3, threshold=0.5)
    taxonomy = taxonomy.with_thresholds({"s0": 0.5, "s1": 0.25})
    (ancestor,) = [fuse([0.5, 0.4, 0.1], [0.5, 0.25, 0.1], None, taxonomy, "android").common_ancestor]
    assert ancestor is not None
    assert (ancestor.taxon.id, ancestor.geo_score, ancestor.geo_threshold) == ("a", 50.0, 25.0)


def test_a_leaf_with_children_is_ignored_by_phones_and_counted_by_the_server() -> None:
    taxonomy = Taxonomy(
        (Taxon("g", None, "g", 20.0, 0), Taxon("s", "g", "s", 10.0, 1), Taxon("t", None, "t", 20.0, 2))
    )
    for mode in PHONES:
        by_id = {
            item.taxon.id: item.score
            for item in fuse([0.5, 0.3, 0.2], None, None, taxonomy, mode).predictions
        }
        assert by_id == pytest.approx({"g": 30.0, "s": 30.0, "t": 20.0})
    by_id = {
        item.taxon.id: item.score
        for item in fuse([0.5, 0.3, 0.2], None, None, taxonomy, "server").predictions
    }
    assert by_id == pytest.approx({"g": 50.0, "s": 30.0, "t": 20.0})


def test_the_floor_saves_on_the_server_what_phones_veto() -> None:
    vision, geo = [0.75, 0.25, 0.0], [0.0, 1e-5, 0.5]
    assert [item.taxon.id for item in fuse(vision, geo, None, tits(3), "server").predictions] == [
        "s0",
        "s1",
        "s2",
    ]
    for mode in PHONES:
        assert [item.taxon.id for item in fuse(vision, geo, None, tits(3), mode).predictions] == ["s1"]


def test_a_sum_of_zero() -> None:
    vision, geo = [0.5, 0.5, 0.0], [0.0, 0.0, 1.0]
    ios = fuse(vision, geo, None, tits(3), "ios")
    assert ios.predictions == ()
    assert ios.notes == ("all scores are 0, to which iOS gives no answer",)
    android = fuse(vision, geo, None, tits(3), "android")
    assert [item.score for item in android.predictions] == [0.0, 0.0, 0.0]
    assert (android.common_ancestor, android.best_branch) == (None, ())
    server = fuse(vision, geo, None, tits(3), "server")
    assert [item.score for item in server.predictions] == [50.0, 50.0, 0.0]


def test_ios_tells_a_geo_score_of_zero_as_null() -> None:
    geo = [1.0, 0.0, 0.0]
    first = {mode: fuse([0.5, 0.5, 0.0], geo, None, tits(3), mode, Options(cutoff=0.0)) for mode in PHONES}
    assert [item.geo_score for item in first["ios"].predictions] == [100.0, None, None]
    assert [item.geo_score for item in first["android"].predictions] == [100.0, 0.0, 0.0]
    assert first["ios"].as_dict()["predictions"][1]["geo_score"] is None  # type: ignore[index]


def test_the_best_branch_is_greedy_and_told_above_seventy_percent_in_whole_tens() -> None:
    answer = fuse([0.3, 0.3, 0.4], None, None, tits(3), "ios", Options(confidence_percent=35))
    assert [item.taxon.id for item in answer.best_branch] == ["48460", "f", "a"]
    default = fuse([0.4, 0.35, 0.25], None, None, tits(3), "ios")
    assert [item.taxon.id for item in default.best_branch] == ["48460", "f", "a"]
    assert [item.score for item in default.best_branch] == pytest.approx([100, 100, 75])
    assert fuse([0.4, 0.35, 0.25], None, None, tits(3), "ios", Options(confidence_percent=0)) == default
    fractional = fuse(VISION, None, None, SMALL, "android", Options(confidence_percent=1))
    assert [item.taxon.rank_level for item in fractional.best_branch] == [100, 70, 60, 50, 40, 30, 20, 10]
    assert fuse(VISION, None, None, SMALL, "server").best_branch == ()


def test_equal_children_are_taken_in_the_order_of_the_file() -> None:
    answer = fuse([0.5, 0.5, 0.0], None, None, tits(3, rank=10.0), "android", Options(confidence_percent=10))
    assert answer.best_branch[-1].taxon.id == "s0"


@pytest.mark.parametrize("mode", ["server", "ios", "android"])
def test_a_common_ancestor_needs_more_than_78_hundredths(mode: str) -> None:
    assert found(fuse([0.40, 0.39, 0.21], None, None, tits(3), mode)) == "a"
    assert found(fuse([0.50, 0.28, 0.22], None, None, tits(3), mode)) == "f"
    assert found(fuse([0.90, 0.05, 0.05], None, None, tits(3), mode)) == "a"
    assert found(fuse([0.90, 0.05, 0.05], None, None, tits(3, rank=20.0, genus=24.0), mode)) == "s0"


def test_ranks_of_a_common_ancestor() -> None:
    order = Taxonomy(
        (
            Taxon("o", None, "o", 40.0),
            Taxon("p", "o", "p", 34.5),
            Taxon("x", "p", "x", 30.0),
            Taxon("y", "p", "y", 30.0),
            Taxon("sx", "x", "sx", 10.0, 0),
            Taxon("sy", "y", "sy", 10.0, 1),
        )
    )
    for mode in ("server", "ios", "android"):
        wanted = {RankType.DEFAULT: None, RankType.MAJOR: "o", RankType.UNRESTRICTED: "p"}
        for rank_type, taxon in wanted.items():
            assert found(fuse([0.5, 0.5], None, None, order, mode, Options(rank_type=rank_type))) == taxon


def test_only_android_can_answer_life() -> None:
    apart = Taxonomy((Taxon("a", None, "a", 70.0, 0), Taxon("b", None, "b", 70.0, 1)))
    wanted = {"server": None, "ios": None, "android": "48460"}
    for mode, taxon in wanted.items():
        answer = fuse([0.5, 0.5], None, None, apart, mode, Options(rank_type=RankType.UNRESTRICTED))
        assert found(answer) == taxon


def test_a_leaf_at_exactly_a_hundredth_counts_on_phones_only() -> None:
    vision = [0.5, 0.495, 0.5 * 0.01]
    assert math.fsum(vision) == 1.0
    shares = {
        mode: fuse(vision, None, None, tits(3), mode).common_ancestor for mode in ("server", "ios", "android")
    }
    assert all(item is not None and item.taxon.id == "a" for item in shares.values())
    assert shares["server"].score == pytest.approx(100.0)  # type: ignore[union-attr]
    for mode in PHONES:
        assert shares[mode].score == pytest.approx(99.5)  # type: ignore[union-attr]


def test_fifteen_leaves_count() -> None:
    vision = [0.05] * 16 + [0.2]
    for mode in ("server", "ios", "android"):
        answer = fuse(vision, None, None, tits(17), mode)
        assert answer.common_ancestor is not None
        assert answer.common_ancestor.taxon.id == "f"
        assert len(answer.predictions) == 10
        crowded = fuse([0.04] * 20 + [0.2], None, None, tits(21), mode)
        assert found(crowded) == "f"
    many = fuse([0.045] * 20 + [0.1], None, None, tits(21), "android").common_ancestor
    assert many is not None
    assert many.taxon.id == "a"
    assert many.score == pytest.approx(100 * 14 * 0.045 / (14 * 0.045 + 0.1))


def test_where_anything_is_near_only_what_is_near_can_be_the_ancestor() -> None:
    taxonomy = tits(3).with_thresholds({"s0": 0.6, "s1": 0.6, "s2": 0.5})
    vision, geo = [0.5, 0.45, 0.05], [0.5, 0.5, 0.5]
    for mode in ("server", "ios", "android"):
        assert found(fuse(vision, geo, None, taxonomy, mode)) == "f"
        assert found(fuse(vision, None, None, taxonomy, mode)) == "a"


def test_a_threshold_of_zero_counts_as_missing_in_the_search_for_an_ancestor_on_phones() -> None:
    taxonomy = tits(3).with_thresholds({"s0": 0.0, "s1": 0.0, "s2": 0.5})
    vision, geo = [0.5, 0.45, 0.05], [0.5, 0.5, 0.5]
    wanted = {"server": "a", "ios": None, "android": None}
    for mode, taxon in wanted.items():
        answer = fuse(vision, geo, None, taxonomy, mode)
        assert found(answer) == taxon
    only = fuse([0.95, 0.05, 0.0], geo, None, taxonomy, "android").common_ancestor
    assert only is not None
    assert (only.taxon.id, only.geo_threshold) == ("a", 0.0)


def test_missing_thresholds_mean_three_things() -> None:
    geo = [0.3, 0.01, 0.9, 0.9, 0.125, 0.0]
    for mode in PHONES:
        assert fuse(None, geo, None, SMALL, mode).expected_nearby == ("8", "11", "43584", "12")
    assert fuse(None, geo, None, SMALL, "server").expected_nearby == ("8", "11", "12")
    assert fuse(None, [0, 0, 0, 1.0, 0, 0], None, SMALL, "server").expected_nearby == ("43584",)
    taxonomy = tits(3)
    assert all(
        found(fuse([0.5, 0.45, 0.05], [0.9, 0.9, 0.9], None, taxonomy, mode)) == "a"
        for mode in ("server", "ios", "android")
    )
    partly = taxonomy.with_thresholds({"s2": 0.5})
    for mode in ("server", "ios", "android"):
        assert found(fuse([0.5, 0.45, 0.05], [0.9, 0.9, 0.9], None, partly, mode)) == "f"


def test_the_server_floors_thresholds_to_five_decimals() -> None:
    taxonomy = tits(3).with_thresholds({"s0": 0.1234599, "s1": 0.29})
    geo = [0.12345, 0.29, 0.0]
    assert fuse(None, geo, None, taxonomy, "server").expected_nearby == ("s0", "s1")
    assert fuse(None, geo, None, taxonomy, "ios").expected_nearby == ("s1", "s2")


PEOPLE = Taxonomy(
    (
        Taxon("1", None, "Animalia", 70.0),
        Taxon("40151", "1", "Mammalia", 50.0),
        Taxon("43584", "40151", "Homo sapiens", 10.0, 0),
        Taxon("2", "40151", "Vulpes", 20.0, 1),
        Taxon("3", "1", "Parus", 20.0, 2),
    )
)


@pytest.mark.parametrize(
    ("vision", "phone", "server"),
    [
        ([0.60, 0.20, 0.20], ["43584"], ["43584"]),
        ([0.45, 0.30, 0.25], [], []),
        ([0.30, 0.40, 0.30], [], []),
        ([0.00, 0.60, 0.40], ["2", "3"], []),
        ([1.00, 0.00, 0.00], ["43584"], ["43584"]),
    ],
)
def test_people_give_people_or_nothing(vision: list[float], phone: list[str], server: list[str]) -> None:
    for mode in PHONES:
        answer = fuse(vision, None, None, PEOPLE, mode)
        assert [item.taxon.id for item in answer.predictions] == phone
        assert (answer.common_ancestor is None) == (not phone or phone == ["43584"] or len(phone) == 2)
    assert [item.taxon.id for item in fuse(vision, None, None, PEOPLE, "server").predictions] == server


def test_the_server_only_leaves_people_out_when_no_other_mammal_is_near_the_top() -> None:
    birds = [Taxon(f"b{k}", "1", f"b{k}", 20.0, k + 2) for k in range(12)]
    taxonomy = Taxonomy((*PEOPLE.taxa[:4], *birds))
    weights = np.array([2.0, 0.1, 3.0, *[0.5] * 11])
    answer = fuse(weights / weights.sum(), None, None, taxonomy, "server")
    assert [item.taxon.id for item in answer.predictions] == ["b0", *[f"b{k}" for k in range(1, 9)]]
    assert fuse(weights / weights.sum(), None, None, taxonomy, "android").predictions == ()
    kept = fuse(weights / weights.sum(), None, None, taxonomy, "server", Options(keep_humans=True))
    assert [item.taxon.id for item in kept.predictions][:2] == ["b0", "43584"]
    weights[1] = 1.0
    assert fuse(weights / weights.sum(), None, None, taxonomy, "server").predictions == ()


def test_filters_restrict_the_server_and_android() -> None:
    only, but = Options(filter_taxon="7"), Options(filter_taxon="7", negative_filter=True)
    server = fuse(VISION, None, None, SMALL, "server", only)
    assert [(item.taxon.id, round(item.score, 4)) for item in server.predictions] == [
        ("8", 66.6667),
        ("9", 33.3333),
    ]
    assert server.predictions[0].vision_score == pytest.approx(100 * 2 / 3)
    android = fuse(VISION, None, None, SMALL, "android", only)
    assert [(item.taxon.id, item.score) for item in android.predictions] == [("8", 50.0), ("9", 25.0)]
    others = fuse(VISION, None, None, SMALL, "android", but)
    assert [item.taxon.id for item in others.predictions] == ["11", "12", "14"]
    assert others.predictions[0].score == 12.5
    ios = fuse(VISION, None, None, SMALL, "ios", only)
    assert ios.predictions == fuse(VISION, None, None, SMALL, "ios").predictions
    assert ios.notes == ("iOS has no filter",)
    plain = fuse(VISION, None, None, SMALL, "server", but)
    assert plain.notes == ("the server has no negative filter",)
    assert plain.predictions == fuse(VISION, None, None, SMALL, "server").predictions


def test_synonyms_are_the_servers() -> None:
    moved, gone = Synonym("8", "80", "10", 10.0, "Cyanistes major"), Synonym("9", None, None, None, "")
    options = Options(synonyms=(moved, gone), keep_humans=True)
    server = fuse(VISION, None, None, SMALL, "server", options)
    assert [item.taxon.id for item in server.predictions] == ["80", "11", "12", "14", "43584"]
    assert server.predictions[0].ancestor_ids[-1] == "10"
    assert server.predictions[0].score == pytest.approx(100 * 0.5 / 0.75)
    phone = fuse(VISION, None, None, SMALL, "ios", options)
    assert phone.predictions[0].taxon.id == "8"
    assert phone.notes == ("phones know no synonyms",)


def test_sound_is_a_factor_and_alone_a_picture() -> None:
    vision, heard = [0.5, 0.4, 0.1], [0.1, 0.8, math.nan]
    for mode in PHONES:
        answer = fuse(vision, None, heard, tits(3), mode)
        assert [item.taxon.id for item in answer.predictions] == ["s1", "s2", "s0"]
        assert answer.predictions[0].score == pytest.approx(100 * 0.32 / 0.47)
    server = fuse(vision, [1.0, 1.0, 1.0], [0.0, 0.0, 0.0], tits(3), "server")
    assert server.predictions[0].score == pytest.approx(50.0)
    alone = fuse(None, [1.0, 0.5, 0.0], [0.4, 0.4, 0.2], tits(3), "android")
    assert [round(item.score, 2) for item in alone.predictions] == [66.67, 33.33]


def test_what_does_not_fit_is_refused() -> None:
    with pytest.raises(InputError, match="nothing to fuse"):
        fuse(None, None, None, SMALL, "ios")
    with pytest.raises(InputError, match="no such mode"):
        fuse(VISION, None, None, SMALL, "windows")
    for scores in ([0.5], [[0.5] * 6], [math.nan, *VISION[1:]], [1.5, *VISION[1:]], [-0.1, *VISION[1:]]):
        with pytest.raises(InputError):
            fuse(scores, None, None, SMALL, "ios")
        with pytest.raises(InputError):
            fuse(VISION, scores, None, SMALL, "ios")
    with pytest.raises(InputError, match="not in the taxonomy"):
        fuse(VISION, None, None, SMALL, "android", Options(filter_taxon="99"))
    for wrong in (
        {"confidence_percent": 101.0},
        {"cutoff": -1.0},
        {"cutoff": math.nan},
        {"negative_filter": True},
    ):
        with pytest.raises(InputError):
            Options(**wrong)


def test_scores_are_joined_by_taxon_id() -> None:
    other = Taxonomy(
        (Taxon("s2", None, "x", None, 0), Taxon("s0", None, "y", None, 1), Taxon("z", None, "z", None, 2))
    )
    assert aligned([0.1, 0.2, 0.3], other, tits(3), missing=1.0).tolist() == [0.2, 1.0, 0.1]
    with pytest.raises(InputError, match="unknown to the other model"):
        aligned([0.1, 0.2, 0.3], other, tits(3))


def frame(score: float, level: float = 10.0) -> list[Prediction]:
    life = Prediction(Taxon("48460", None, "Life", 100.0), 1.0, 1.0, None, None, ())
    return [life, Prediction(Taxon(str(score), None, "t", level), score, score, None, None, ("48460",))]


def told(results: StoredResults, score: float, **kinds: float) -> str:
    return results.add(frame(score, **kinds))[-1].taxon.id


def test_stored_results_prefer_the_best_of_the_last_and_age_them() -> None:
    results = StoredResults(3)
    assert told(results, 0.8) == "0.8"
    assert told(results, 0.7) == "0.7"
    assert told(results, 0.5) == "0.7"
    assert told(results, 0.1) == "0.5"


def test_a_winner_is_remembered_without_its_penalty() -> None:
    results = StoredResults(5)
    for score in (0.9, 0.8):
        told(results, score)
    assert told(results, 0.6) == "0.8"
    plain = StoredResults(5)
    plain.add(frame(0.9))
    plain.add(frame(0.0))
    assert told(plain, 0.6) == "0.9"


def test_one_stored_result_is_the_newest_and_none_means_five() -> None:
    one, five = StoredResults(1), StoredResults(0)
    for results, wanted in ((one, "0.1"), (five, "0.9")):
        told(results, 0.9)
        assert told(results, 0.1) == wanted
    assert five.limit == 5
    with pytest.raises(InputError):
        StoredResults(-1)


def test_frames_tell_whole_tens_above_the_confidence() -> None:
    results = StoredResults()
    assert [item.taxon.id for item in results.add(frame(0.5, 34.5))] == ["48460"]
    assert [item.score for item in results.add(frame(0.9), 95.0)] == [100.0]
    assert results.add([]) != []


def test_frames_are_fused_and_smoothed() -> None:
    stored = StoredResults(3)
    first = fuse_frame([0.9, 0.05, 0.05], None, tits(3), "android", stored)
    assert [item.taxon.id for item in first] == ["48460", "f", "a", "s0"]
    assert [item.score for item in first] == pytest.approx([100.0, 100.0, 95.0, 90.0])
    kept = fuse_frame([0.2, 0.4, 0.4], [1.0, 0.5, 1.0], tits(3), "ios", stored)
    assert kept == first
    assert fuse_frame([0.5, 0.5, 0.0], [0.0, 0.0, 1.0], tits(3), "ios", stored) == first
    high = fuse_frame(
        [0.9, 0.05, 0.05], None, tits(3), "ios", StoredResults(), Options(confidence_percent=92)
    )
    assert [item.taxon.id for item in high] == ["48460", "f", "a"]
    with pytest.raises(InputError, match="no frames"):
        fuse_frame([0.9, 0.05, 0.05], None, tits(3), "server", stored)
