"""The knapsack against brute force, and at the size of a real network."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fieldpack.errors import InputError
from fieldpack.search.knapsack import Choice, select

CHOICE = st.builds(
    Choice,
    loss=st.integers(0, 40).map(lambda value: value / 8),
    size_bytes=st.integers(0, 30),
    latency_ms=st.integers(0, 24).map(lambda value: value / 4),
)
LAYERS = st.lists(st.lists(CHOICE, min_size=1, max_size=4), min_size=1, max_size=6)


@settings(max_examples=300, deadline=None)
@given(LAYERS, st.integers(0, 120), st.none() | st.integers(0, 120).map(lambda value: value / 4))
def test_it_is_what_brute_force_finds(layers: list[list[Choice]], size: int, latency: float | None) -> None:
    fitting = [
        sum(item.loss for item in taken)
        for taken in product(*layers)
        if sum(item.size_bytes for item in taken) <= size
        and (latency is None or sum(item.latency_ms for item in taken) <= latency)
    ]
    found = select(layers, size, latency)
    if not fitting:
        assert found is None
        return
    assert found is not None
    assert found.exact
    assert found.loss == min(fitting)
    assert found.size_bytes <= size
    assert latency is None or found.latency_ms <= latency
    taken = [choices[index] for choices, index in zip(layers, found.choices, strict=True)]
    assert found.loss == sum(item.loss for item in taken)


def test_sixty_layers_of_three_choices_fit_and_use_the_room() -> None:
    generator = np.random.default_rng(0)
    layers = []
    for _ in range(60):
        count, sensitivity = int(generator.integers(100, 100_000)), generator.lognormal(-5, 2)
        layers.append(
            [
                Choice(0.0, 4 * count, count * 4e-6),
                Choice(sensitivity / 50, count, count * 1e-6),
                Choice(sensitivity, count // 2, count * 2e-6),
            ]
        )
    eighth = sum(choices[1].size_bytes for choices in layers) * 3 // 4
    found = select(layers, eighth)
    assert found is not None
    assert 0.99 * eighth < found.size_bytes <= eighth
    assert set(found.choices) >= {1, 2}
    all_narrow = sum(choices[2].loss for choices in layers)
    assert found.loss < 0.2 * all_narrow


def test_figures_that_are_no_costs_are_refused() -> None:
    for bad in ([], [Choice(-1.0, 1)], [Choice(float("nan"), 1)]):
        with pytest.raises(InputError, match="layer 1"):
            select([[Choice(0.0, 1)], bad], 10)
