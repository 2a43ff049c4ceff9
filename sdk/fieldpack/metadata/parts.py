"""Front-ends and encoders, the parts of a bundle beside its flavours, as facts of their two tensors."""

from __future__ import annotations

from fieldpack.bundle.manifest import Border
from fieldpack.contract import LocationInput, SpectrogramInput
from fieldpack.metadata.inputs import bounds
from fieldpack.metadata.tensor_facts import Sound, TensorFacts
from fieldpack.preprocess.spectrogram_range import value_range

Pair = tuple[TensorFacts, TensorFacts]


def front_end_facts(item: SpectrogramInput, sound: Border, patch: Border) -> Pair:
    """What a front-end says of the samples that it takes and of the spectrogram that it gives."""
    rate = item.front_end.sample_rate_hz
    taken = f"{sound.shape[-1]} samples of sound at {rate} Hz, one channel, -1..1."
    given = f"The spectrogram that the model takes as its input {item.name}, in float32."
    names = ("batch", "sample") if len(sound.shape) == 2 else ()
    return (
        TensorFacts(sound.name, sound.tensor, taken, names, Sound(rate), low=(-1.0,), high=(1.0,)),
        TensorFacts(patch.name, patch.tensor, given, ("batch", *item.axes), **bounds(value_range(item))),
    )


def encoder_facts(item: LocationInput, place: Border, vector: Border) -> Pair:
    """What an encoder says of the place that it takes and of the vector that it gives."""
    taken = f"A place, WGS 84: {', '.join(item.fields)}, as they are."
    given = f"The numbers that the model takes as its input {item.name}, encoded as {item.encoding.kind}."
    return (
        TensorFacts(place.name, place.tensor, taken),
        TensorFacts(vector.name, vector.tensor, given),
    )
