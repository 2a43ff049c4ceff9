"""The world: same bytes every time, balanced, disjoint, and not to be told by colour alone."""

import csv
import hashlib
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from fieldpack.errors import InputError, StorageError
from fieldpack_reference_models.dice import Dice
from fieldpack_reference_models.vision import world
from fieldpack_reference_models.vision.canvas import paint, placement

# SHA-256 of the uint8 RGB bytes, first 16 digits. A change here is a new world: rename WORLD and retrain.
GOLDEN: dict[tuple[str, int], str] = {
    ("train", 0): "0dbd860eafcb66f0",
    ("train", 5): "e75420dcc03009fb",
    ("train", 7): "6412a27ba57b5bbf",
    ("validation", 9): "346e89e51ad9d0c0",
    ("calibration", 10): "c82fb64b19fb2d84",
    ("test", 3): "bf1ab9dab548f5be",
    ("test", 8): "9c0b8d98bd198354",
    ("test", 4711): "291c87540055e5c9",
}

Rows = list[tuple[str, NDArray[np.uint8], int, dict[str, str]]]


def _digest(picture: NDArray[np.uint8]) -> str:
    return hashlib.sha256(picture.tobytes()).hexdigest()[:16]


@pytest.fixture(scope="module")
def train_rows() -> Rows:
    return list(world.dataset("train", 480))


@pytest.fixture(scope="module")
def probe_rows() -> Rows:
    return list(world.dataset("test", 240))


@pytest.mark.parametrize(("split", "index"), sorted(GOLDEN))
def test_a_picture_is_the_golden_one(split: str, index: int) -> None:
    assert _digest(world.generate(split, index).picture) == GOLDEN[split, index]


def test_a_picture_does_not_depend_on_what_was_made_before() -> None:
    first = world.generate("train", 7).picture
    list(world.dataset("test", 5))
    assert np.array_equal(world.generate("train", 7).picture, first)


def test_no_two_splits_share_a_picture() -> None:
    digests = [_digest(world.generate(split, index).picture) for split in world.SPLITS for index in range(24)]
    assert len(set(digests)) == len(digests)


def test_classes_come_in_turn(probe_rows: Rows) -> None:
    labels = [label for _, _, label, _ in probe_rows]
    assert labels == [index % 12 for index in range(240)]
    assert list(world.CLASSES) == sorted(set(world.CLASSES))
    assert len(world.CLASSES) == 12


def test_identities_name_split_class_and_index(probe_rows: Rows) -> None:
    assert [row[0] for row in probe_rows[:2]] == ["test/beetle/0000", "test/bird/0001"]
    assert len({row[0] for row in probe_rows}) == 240


def test_every_slice_is_recorded_and_none_is_rare(train_rows: Rows) -> None:
    allowed = {
        "ground": {"grass", "bark", "sand", "water", "snow", "leaf_litter"},
        "light": {"sun", "overcast", "shade", "dusk"},
        "occlusion": {"none", "partial", "heavy"},
        "scale": {"small", "medium", "large"},
    }
    for key, values in allowed.items():
        seen = Counter(slices[key] for _, _, _, slices in train_rows)
        assert set(seen) == values
        assert min(seen.values()) >= 0.05 * len(train_rows), (key, seen)


def test_pictures_are_sane(train_rows: Rows) -> None:
    for identity, picture, _, _ in train_rows:
        assert picture.shape == (96, 96, 3)
        assert picture.dtype == np.uint8
        assert 8 < picture.mean() < 250, identity
        assert picture.std() > 4, identity


def test_a_dim_light_makes_a_darker_picture(train_rows: Rows) -> None:
    level = {
        kind: np.mean([picture.mean() for _, picture, _, slices in train_rows if slices["light"] == kind])
        for kind in ("sun", "dusk")
    }
    assert level["dusk"] < 0.8 * level["sun"]


def _nearest_centroid(
    features: NDArray[Any], labels: NDArray[np.int64], probes: NDArray[Any]
) -> NDArray[np.int64]:
    middles = np.stack([features[labels == label].mean(axis=0) for label in range(12)])
    guesses: NDArray[np.int64] = np.linalg.norm(probes[:, None] - middles[None], axis=2).argmin(axis=1)
    return guesses


def test_colour_alone_does_not_name_the_class(train_rows: Rows, probe_rows: Rows) -> None:
    def colours(rows: Rows) -> NDArray[Any]:
        return np.array([picture[24:72, 24:72].mean(axis=(0, 1)) for _, picture, _, _ in rows])

    labels = np.array([row[2] for row in train_rows])
    guesses = _nearest_centroid(colours(train_rows), labels, colours(probe_rows))
    assert np.mean(guesses == [row[2] for row in probe_rows]) < 0.25


def _silhouette(name: str, number: int) -> list[float]:
    """Area, elongation, hollowness and edge length of a subject without ground, light or cover."""
    place = placement(0.5, 0.5, 0.45, turn=number * 0.37)
    seen = paint(world.SUBJECTS[name](Dice("silhouette", name, number)), place, 96)[1] > 0.5
    rows, columns = np.nonzero(seen)
    spread = np.sort(np.linalg.eigvalsh(np.cov(rows, columns)))
    edge = np.count_nonzero(seen[1:] != seen[:-1]) + np.count_nonzero(seen[:, 1:] != seen[:, :-1])
    area = len(rows)
    return [
        area / 96**2 * 4,
        np.sqrt(spread[0] / spread[1]),
        area / spread.sum() / 10,
        edge / np.sqrt(area) / 10,
    ]


def test_shape_alone_says_more_than_colour() -> None:
    numbers = range(20)
    features = np.array([_silhouette(name, number) for name in world.CLASSES for number in numbers])
    labels = np.repeat(np.arange(12), len(numbers))
    probes = np.array([_silhouette(name, 1000 + number) for name in world.CLASSES for number in numbers])
    assert np.mean(_nearest_centroid(features, labels, probes) == labels) > 0.55


def test_another_size_is_drawn_at_that_size() -> None:
    assert world.generate("test", 3, size=64).picture.shape == (64, 64, 3)


@pytest.mark.parametrize(
    ("split", "index", "size"), [("holdout", 0, 96), ("test", -1, 96), ("test", 0, 31), ("test", 0, 513)]
)
def test_what_the_world_does_not_have_is_refused(split: str, index: int, size: int) -> None:
    with pytest.raises(InputError):
        world.generate(split, index, size)


def test_an_unknown_split_is_refused_by_the_dataset() -> None:
    with pytest.raises(InputError):
        next(world.dataset("holdout", 1))


def test_write_split_writes_pictures_and_manifest(tmp_path: Path) -> None:
    world.write_split("calibration", 14, tmp_path)
    with (tmp_path / "manifest.csv").open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))
    assert list(rows[0]) == ["file", "label", "ground", "light", "occlusion", "scale"]
    assert len(rows) == 14
    assert Counter(row["label"] for row in rows)["beetle"] == 2
    for index, row in enumerate(rows):
        sample = world.generate("calibration", index)
        assert np.array_equal(np.asarray(Image.open(tmp_path / row["file"])), sample.picture)
        assert row["file"].startswith(row["label"] + "/")
        assert {key: row[key] for key in sample.slices} == sample.slices


def test_a_folder_that_cannot_be_written_is_a_storage_error(tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("a file, not a folder")
    with pytest.raises(StorageError):
        world.write_split("test", 1, tmp_path / "taken")
