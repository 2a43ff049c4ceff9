"""What the model learns from and how it is judged, on tables made here; nothing needs the data."""

from __future__ import annotations

import gzip
from pathlib import Path

import numpy as np
import pytest

from fieldpack.errors import InputError
from fieldpack_reference_models.species_keras.areas import Judged, area, areas, interval, mean_over_species
from fieldpack_reference_models.species_keras.boosting import boosted
from fieldpack_reference_models.species_keras.features import Features, measure_features, stored_features
from fieldpack_reference_models.species_keras.regions import Region, Sites, read_region, read_surveys
from fieldpack_reference_models.species_keras.training_set import training_set, weigh


def region(name: str = "CAN", covariates: tuple[str, ...] = ("alt", "ontveg")) -> Region:
    """Two birds and a tree: five records at four places, and eight places of background."""
    env = np.array([[10.0, 1], [10, 1], [20, 2], [30, 5], [40, 1]])
    xy = np.array([[1.0, 1], [1, 1], [2, 2], [3, 3], [4, 4]])
    table = np.array([[10.0 * number, number % 2 + 1.0] for number in range(8)])
    background = Sites(table, np.arange(16, dtype=np.float64).reshape(8, 2))
    return Region(
        name,
        covariates,
        ("s1", "s2", "s3"),
        ("bird", "bird", "tree"),
        Sites(env, xy),
        np.array([0, 1, 0, 1, 2]),
        background,
    )


def test_weights_are_1_for_records_and_split_for_absences() -> None:
    cells = weigh(region(), 0.8)
    assert cells.records.tolist() == [0, 2, 3, 4]  # the first two records are one place
    total = 4 + 8
    assert np.allclose(cells.present.sum(axis=0), total)
    assert np.allclose(cells.present[:4, 0], np.array([1, 1, 0, 0]) * total / 2)
    assert np.allclose(cells.absent[4:], 0.2 * total / 8)
    # s1 was not recorded where s2 alone was; the tree's place says nothing of birds
    assert np.allclose(cells.absent[:4, 0], np.array([0, 0, 0.8, 0]) * total)
    assert np.allclose(cells.absent[:4, 2], 0)


def test_features_are_standardised_on_the_background_and_tell_the_region() -> None:
    first, second = region(), region("SA", ("alt", "rain"))
    features = measure_features([first, second])
    assert features.size == (3 + 3 + 1) + (4 + 1)  # alt, x, y, three names of ontveg; alt, rain, x, y
    vectors = features.vectors("CAN", first.background)
    assert np.allclose(vectors[:, :3].mean(axis=0), 0, atol=1e-5)
    assert np.allclose(vectors[:, 3:6].sum(axis=1), 1)
    assert (vectors[:, 6] == 1).all()
    assert not vectors[:, 7:].any()
    far = Sites(np.array([[1e9, 9.0]]), np.array([[1e9, -1e9]]))
    assert features.vectors("CAN", far)[0, :6].tolist() == [4, 3, -3, 0, 0, 0]
    members = features.membership()
    assert members.sum() == 6
    assert (features.vectors("SA", second.background) @ members).tolist() == [[0] * 3 + [1] * 3] * 8


def test_constants_are_stored_and_read_again(tmp_path: Path) -> None:
    features = measure_features([region()])
    (tmp_path / "features.json").write_text(features.text())
    assert stored_features(tmp_path / "features.json") == features


def test_regions_teach_only_their_own_species() -> None:
    both = [region(), region("SA", ("alt", "rain"))]
    features = measure_features(both)
    seen = training_set(both, features, 0.8)
    assert seen.vectors.shape == (24, features.size)
    assert not seen.present[:12, 3:].any()
    assert not seen.absent[12:, :3].any()
    assert seen.absent[12:, 3:].any()


def test_an_area_counts_pairs_and_half_of_ties() -> None:
    scores, there = np.array([0.9, 0.5, 0.5, 0.1]), np.array([True, True, False, False])
    counts = np.array([[1.0, 1, 1, 1], [1, 0, 1, 1], [0, 2, 1, 1], [1, 1, 0, 0]])
    found = area(scores, there, counts)
    assert found[:3].tolist() == [3.5 / 4, 1.0, 3 / 4]
    assert np.isnan(found[3])


def test_areas_are_those_of_an_established_library_and_paired() -> None:
    metrics = pytest.importorskip("sklearn.metrics", reason="pip install 'fieldpack[coreml-convert]'")
    dice = np.random.default_rng(0)
    there = dice.random((60, 3)) < 0.4
    good = np.round(there + dice.normal(0, 0.8, there.shape), 1)
    found = areas([Judged({"a": good, "same": good, "chance": dice.random(there.shape)}, there)])
    for column in range(3):
        assert found["a"][0, column] == pytest.approx(
            metrics.roc_auc_score(there[:, column], good[:, column])
        )
    difference = interval(mean_over_species(found["a"]) - mean_over_species(found["same"]))
    assert difference == {"value": 0.0, "low": 0.0, "high": 0.0}
    above = interval(mean_over_species(found["a"]) - mean_over_species(found["chance"]))
    assert 0 < above["low"] < above["value"] < above["high"]


def test_boosting_learns_from_the_same_cells() -> None:
    pytest.importorskip("sklearn", reason="pip install 'fieldpack[coreml-convert]'")
    dice = np.random.default_rng(0)
    env = np.stack([dice.uniform(0, 100, 400), np.ones(400)], axis=1)
    xy = dice.random((400, 2))
    taught = Region(
        "CAN", ("alt", "ontveg"), ("low", "high"), ("bird", "bird"), Sites(env[:100], xy[:100]),
        (env[:100, 0] > 50).astype(np.int64), Sites(env[100:], xy[100:]),
    )  # fmt: skip
    features = measure_features([taught]).regions[0]
    asked = features.own(Sites(np.array([[5.0, 1], [95, 1]]), np.full((2, 2), 0.5)))
    for target_group in (0.0, 0.8):
        (scores,) = boosted(taught, features, target_group, [asked])
        assert scores[0, 0] > scores[1, 0]
        assert scores[0, 1] < scores[1, 1]


def _table(folder: Path, name: str, text: str) -> None:
    target = folder / "geo" / "species_disdat" / f"{name}.csv.gz"
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_bytes(gzip.compress(text.encode()))


def test_tables_are_read_by_their_headers(tmp_path: Path) -> None:
    _table(
        tmp_path,
        "CANtrain_po",
        "lon,lat,siteid,spid,x,y,occ,group,alt\n0,0,1,b,1,2,1,bird,7\n0,0,2,a,3,4,1,bird,8\n",
    )
    _table(tmp_path, "CANtrain_bg", "siteid,alt,x,y\n1,5,0,0\n")
    _table(tmp_path, "CANtest_env", "siteid,x,y,alt\n9,1,1,2\n8,2,2,3\n")
    _table(tmp_path, "CANtest_pa", "siteid,b,a\n9,1,0\n8,0,0\n")
    found = read_region(tmp_path, "CAN")
    assert (found.covariates, found.species, found.recorded.tolist()) == (("alt",), ("a", "b"), [1, 0])
    (survey,) = read_surveys(tmp_path, "CAN")
    assert survey.species.tolist() == [0, 1]
    assert survey.present.tolist() == [[False, True], [False, False]]
    assert survey.sites.covariates.tolist() == [[2.0], [3.0]]


@pytest.mark.parametrize(
    ("environment", "words"),
    [("siteid,x,y,alt\n8,1,1,2\n", "differ"), ("siteid,x,y,alt\n9,1,1,NA\n", "no number"), (None, "--data")],
)
def test_faulty_tables_are_refused(tmp_path: Path, environment: str | None, words: str) -> None:
    _table(tmp_path, "CANtrain_po", "siteid,spid,x,y,group,alt\n1,a,1,2,bird,7\n")
    _table(tmp_path, "CANtrain_bg", "siteid,alt,x,y\n1,5,0,0\n")
    _table(tmp_path, "CANtest_pa", "siteid,a\n9,1\n")
    if environment is not None:
        _table(tmp_path, "CANtest_env", environment)
    with pytest.raises(InputError, match=words):
        read_surveys(tmp_path, "CAN")


def test_features_of_one_region_are_found() -> None:
    features = Features(measure_features([region()]).regions)
    assert features.of("CAN").size == features.size
