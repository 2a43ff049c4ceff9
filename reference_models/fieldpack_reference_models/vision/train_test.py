"""What training does around the framework: scaling, augmentation, and the archive with fixed dates."""

import numpy as np

from fieldpack_reference_models.vision import train, world


def test_scaled_pixels_span_minus_one_to_one() -> None:
    images = np.array([0, 51, 255], dtype=np.uint8)
    assert train.scaled(images).tolist() == [-1.0, np.float32(-0.6), 1.0]


def test_pictures_are_the_worlds_own() -> None:
    seen, slices = train.pictures("validation", 13)
    sample = world.generate("validation", 12)
    assert np.array_equal(seen.items[12], sample.picture)
    assert seen.labels.tolist() == [*range(12), 0]
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
