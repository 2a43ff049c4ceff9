"""What training does around the framework: scaling, augmentation, and the archive with fixed dates."""

import io
import json
import zipfile

import numpy as np

from fieldpack_reference_models.vision import train, world


def test_scaled_pixels_span_minus_one_to_one() -> None:
    images = np.array([0, 51, 255], dtype=np.uint8)
    assert train.scaled(images).tolist() == [-1.0, np.float32(-0.6), 1.0]


def test_pictures_are_the_worlds_own() -> None:
    images, labels, slices = train.pictures("validation", 13)
    sample = world.generate("validation", 12)
    assert np.array_equal(images[12], sample.picture)
    assert labels.tolist() == [*range(12), 0]
    assert slices[12] == sample.slices


def _turns(image: np.ndarray, quarters: range) -> set[bytes]:
    turned = [np.rot90(image, quarter) for quarter in quarters]
    return {view.tobytes() for one in turned for view in (one, one[:, ::-1])}


def test_augmentation_turns_only_what_lies_any_way_round() -> None:
    images = np.random.default_rng(1).integers(0, 256, (240, 4, 4, 3), dtype=np.uint8)
    labels = np.arange(240) % 12
    out = train.augmented(images, labels, np.random.default_rng(2))
    seen: dict[bool, set[bytes]] = {False: set(), True: set()}
    for image, label, result in zip(images, labels, out, strict=True):
        upright = world.CLASSES[label] in world.UPRIGHT
        allowed = _turns(image, range(1) if upright else range(4))
        assert result.tobytes() in allowed
        seen[upright].add(b"same" if np.array_equal(result, image) else b"changed")
    assert seen == {False: {b"same", b"changed"}, True: {b"same", b"changed"}}


def _archive(names: list[str], saved: str, year: int, address: int) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name in names:
            saying = {"keras_version": "3", "date_saved": saved}
            body = saying if name == "metadata.json" else {"shared_object_id": address}
            archive.writestr(zipfile.ZipInfo(name, (year, 2, 3, 4, 5, 6)), json.dumps(body))
    return out.getvalue()


def test_two_savings_of_one_model_settle_to_the_same_bytes() -> None:
    one = train.settled(
        _archive(["config.json", "metadata.json"], "2001-01-01@01:01:01", 2001, 140283373535312)
    )
    two = train.settled(
        _archive(["metadata.json", "config.json"], "2002-02-02@02:02:02", 2002, 140510077812560)
    )
    assert one == two
    with zipfile.ZipFile(io.BytesIO(one)) as archive:
        shared = json.loads(archive.read("config.json"))["shared_object_id"]
        assert shared == 0
        assert json.loads(archive.read("metadata.json"))["keras_version"] == "3"
