"""Crops stay inside, keep their share of the area, and repeat with their seed; mixtures keep their sum."""

import numpy as np
from PIL import Image

from fieldpack_reference_models.nature.augment import COLOUR_SPREAD, mixed, varied


def _ramp() -> Image.Image:
    """Red grows to the right, green downwards: a pixel's colour tells where it was."""
    x, y = np.meshgrid(np.arange(120), np.arange(80))
    return Image.fromarray(np.stack([x, y, np.full_like(x, 60)], axis=2).astype(np.uint8))


def test_a_crop_keeps_its_share_of_the_area() -> None:
    dice = np.random.default_rng(1)
    shares = [np.prod(varied(_ramp(), 0.4, dice).size) / (120 * 80) for _ in range(200)]
    assert 0.36 < min(shares) < 0.5
    assert 0.95 < max(shares) <= 1


def test_half_of_the_crops_are_mirrored_and_none_is_upside_down() -> None:
    dice = np.random.default_rng(2)
    mirrored = 0
    for _ in range(200):
        pixels = np.asarray(varied(_ramp(), 0.5, dice)).astype(int)
        mirrored += pixels[:, 0, 0].mean() > pixels[:, -1, 0].mean()
        assert pixels[0, :, 1].mean() < pixels[-1, :, 1].mean()
    assert 70 < mirrored < 130


def test_light_varies_within_its_bounds() -> None:
    grey = Image.new("RGB", (16, 16), (100, 100, 100))
    dice = np.random.default_rng(3)
    seen = [np.asarray(varied(grey, 1.0, dice)).mean() for _ in range(100)]
    assert 100 * (1 - COLOUR_SPREAD) - 2 <= min(seen) < 85
    assert 115 < max(seen) <= 100 * (1 + COLOUR_SPREAD) + 2


def test_the_same_seed_gives_the_same_pixels() -> None:
    one, two = (np.asarray(varied(_ramp(), 0.5, np.random.default_rng(4))) for _ in range(2))
    other = np.asarray(varied(_ramp(), 0.5, np.random.default_rng(5)))
    assert np.array_equal(one, two)
    assert one.shape != other.shape or not np.array_equal(one, other)


def test_inputs_and_targets_mix_by_the_same_share() -> None:
    targets = np.eye(6, dtype=np.float32)
    inputs = np.repeat(targets[:, :, None], 2, axis=2)
    found, wanted = mixed(inputs, targets, 0.5, np.random.default_rng(6))
    assert np.allclose(found[..., 0], wanted, atol=1e-6)
    assert np.allclose(wanted.sum(axis=1), 1, atol=1e-6)
    assert ((wanted > 0.01) & (wanted < 0.99)).any()


def test_alpha_zero_mixes_nothing() -> None:
    targets = np.eye(3, dtype=np.float32)
    found, wanted = mixed(targets, targets, 0, np.random.default_rng(7))
    assert found is targets
    assert wanted is targets
