"""What a pass that trains needs of a framework: ``in_torch/`` and ``in_keras/`` have a way each."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from fieldpack_converters.opened_source import Array, OpenedSource
from fieldpack_converters.passes.subject import Subject


class RoundedLayer(Protocol):
    """A layer whose weights are rounded while it trains."""

    def integers(self) -> Array:
        """The int8 weights in TFLite's order."""

    def settle(self) -> None:
        """Leave a plain float layer with the rounded weights."""


class RoundedForward(Protocol):
    """A model's forward pass as its static int8 file computes it."""

    @property
    def layers(self) -> Mapping[str, RoundedLayer]:
        """The layers whose weights are rounded, by name."""

    def fix(self, on: bool) -> None:
        """Whether ranges stand still, or follow the batches."""

    def ranges(self) -> dict[str, list[float]]:
        """[low, high] by tensor."""

    def seen(self, inputs: list[Array]) -> dict[str, Array]:
        """What every tensor with a range holds."""

    def __call__(self, inputs: list[Any]) -> list[Any]:
        """All outputs, flat."""


@dataclass(frozen=True, slots=True)
class Framework:
    """One framework's way to train.

    Attributes
    ----------
    train : callable
        See ``in_torch.training.train``.
    objective_of : callable
        (subject, teaching or None, the pass's word for errors) -> what ``train`` takes.
    named_layers : callable
        (subject, pattern) -> names of the layers with weights that match; `SpecError` where none does.
    rounded_forward : callable
        (opened source, pattern) -> a ``RoundedForward``.
    roundable : callable
        (opened source) -> names of the layers whose weights can be 8-bit.
    """

    train: Callable[..., dict[str, list[float]]]
    objective_of: Callable[..., Any]
    named_layers: Callable[[Subject, str], tuple[str, ...]]
    rounded_forward: Callable[[OpenedSource, str], RoundedForward]
    roundable: Callable[[OpenedSource], list[str]]


def framework_of(subject: Subject) -> Framework:
    """The framework of the subject's model."""
    return _torch() if subject.is_torch else _keras()


def _torch() -> Framework:
    from fieldpack_converters.passes.in_torch.objective import objective_of
    from fieldpack_converters.passes.in_torch.quantised_forward import QuantisedForward
    from fieldpack_converters.passes.in_torch.quantised_layers import roundable
    from fieldpack_converters.passes.in_torch.training import named_parameters, train

    return Framework(
        train,
        objective_of,
        lambda subject, pattern: named_parameters(subject.opened.model, pattern)[1],
        QuantisedForward,
        lambda opened: roundable(opened.model),
    )


def _keras() -> Framework:
    from fieldpack_converters.passes.in_keras.objective import objective_of
    from fieldpack_converters.passes.in_keras.quantised_forward import QuantisedForward
    from fieldpack_converters.passes.in_keras.training import named_layers, train

    return Framework(
        train,
        objective_of,
        lambda subject, pattern: tuple(named_layers(subject.opened.model, pattern)),
        QuantisedForward,
        lambda opened: list(QuantisedForward(opened, "").layers),
    )
