"""The shape of an output with an estimate: one number an example, or one a pixel, without a channel axis."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fieldpack.errors import ContractError

if TYPE_CHECKING:
    from numpy.typing import NDArray


def channel_axis(name: str, shape: tuple[int, ...]) -> int | None:
    """The axis of length 1 that counts the channels of a tensor [N, ...]; None where there is none.

    Raises
    ------
    ContractError
        The tensor has several channels, or another number of axes.
    """
    if len(shape) == 3 or (len(shape) == 2 and shape[1] == 1):
        return None
    if len(shape) == 4 and 1 in (shape[1], shape[3]):
        return 3 if shape[3] == 1 else 1
    raise ContractError(
        f"output {name} has an estimate, and its tensor is no single number a pixel",
        came=list(shape),
        allowed="[N, 1], [N, rows, columns], or the same with one channel",
        hint="let the model give mean, spread and each quantile as outputs of their own",
    )


def without_channel(name: str, values: NDArray[Any]) -> NDArray[Any]:
    """[N, rows, columns] or [N, 1] of what a model gave; errors as for ``channel_axis``."""
    axis = channel_axis(name, values.shape)
    return values if axis is None else values.squeeze(axis)
