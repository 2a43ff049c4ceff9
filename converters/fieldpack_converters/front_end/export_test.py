"""Which transforms are worth comparing; the files themselves are run where TensorFlow is."""

from __future__ import annotations

from fieldpack_converters.front_end.export import choices_of
from fieldpack_converters.front_end.testing import contract_of


def test_every_portable_transform_is_a_choice() -> None:
    names = ("convolution", "blocks", "folded", "factored")
    assert choices_of(contract_of("like YAMNet")) == [("convolution",), ("blocks",), ("factored",)]
    assert choices_of(contract_of("magnitude in decibel")) == [(name,) for name in names]
    assert choices_of(contract_of("two channels like BirdNET")) == [(name, name) for name in names]


def test_the_convolution_stands_in_where_a_transform_does_not_suit() -> None:
    contract = contract_of("two channels like BirdNET")
    narrow = contract.more_channels[0].model_copy(update={"hop_length": 3})
    mixed = contract.model_copy(update={"more_channels": (narrow,)})
    assert choices_of(mixed) == [
        (name, "convolution") for name in ("convolution", "blocks", "folded", "factored")
    ]
