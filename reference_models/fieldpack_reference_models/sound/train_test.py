"""What training does around the framework: the front-end of the contract, and what varies a patch."""

import numpy as np

from fieldpack.preprocess.spectrogram import patches
from fieldpack_reference_models.sound import train, world
from fieldpack_reference_models.sound.front_end import contract


def test_clips_are_the_worlds_own_through_the_contract() -> None:
    seen, slices = train.clips("validation", 13)
    clip = world.generate("validation", 12)
    assert np.array_equal(seen.items[12], patches(clip.samples, 16_000, contract())[0])
    assert seen.labels.tolist() == [*range(12), 0]
    assert slices[12] == clip.slices
    assert seen.items.shape[1:] == contract().shape == (48, 124, 1)


def test_a_varied_patch_differs_by_a_level_a_shift_and_masks() -> None:
    generator = np.random.default_rng(1)
    items = generator.normal(size=(40, 48, 124, 1)).astype(np.float32)
    varied = train.varied(items, np.zeros(40, np.int64), np.random.default_rng(2))
    moved = 0
    for before, after in zip(items[..., 0], varied[..., 0], strict=True):
        best = max(_kept(before, after, shift) for shift in range(124))
        assert best > 0.6  # at most 6 of 48 bands and 20 of 124 frames are masked
        moved += _kept(before, after, 0) < best
    assert 8 < moved < 32


def _kept(before: train.Patch, after: train.Patch, shift: int) -> float:
    """Share of the patch that is the old one, moved and louder by one number."""
    louder = after - np.roll(before, shift, axis=1)
    return float((np.abs(louder - np.median(louder)) < 1e-4).mean())
