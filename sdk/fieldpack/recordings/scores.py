"""From the numbers of an output to scores of its labels."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fieldpack.contract import Activation, Output, Sensitivity
from fieldpack.errors import ContractError, ConversionError, InputError

if TYPE_CHECKING:
    from numpy.typing import NDArray


def label_scores(output: Output, values: NDArray[Any], sensitivity: float | None = None) -> NDArray[Any]:
    """Scores 0..1 of every label.

    Probabilities stay as they are. Logits become a softmax, or, where the contract states `sensitivity`,
    ``1 / (1 + exp(-value * clip(x, -limit, limit)))``, BirdNET's formula.

    Parameters
    ----------
    output : Output
        Of the contract; it classifies.
    values : ndarray
        [K, labels], what the model gave.
    sensitivity : float, optional
        In place of the contract's value.

    Returns
    -------
    ndarray
        float64 [K, labels].

    Raises
    ------
    ContractError
        The output does not classify.
    ConversionError
        The model gave NaN or infinity, which no threshold would catch.
    InputError
        A sensitivity was asked for, and the contract states none.
    """
    import numpy as np

    if not output.activation.classifies:
        raise ContractError(f"output {output.name} has no labels to score", came=output.activation.value)
    if sensitivity is not None and output.sensitivity is None:
        raise InputError(
            f"output {output.name} has no sensitivity that could be changed",
            came=f"{sensitivity:g}",
            allowed="logits of independent labels, whose contract states a sensitivity",
        )
    numbers = values.astype(np.float64)
    if not np.isfinite(numbers).all():
        raise ConversionError(
            f"output {output.name} is NaN or infinite",
            hint="hold the flavour against its golden vectors: fieldpack verify",
        )
    if output.sensitivity is not None:
        return sensitive(numbers, output.sensitivity, sensitivity)
    if output.activation is Activation.LOGITS:
        powers = np.exp(numbers - numbers.max(axis=1, keepdims=True))
        return np.asarray(powers / powers.sum(axis=1, keepdims=True))
    return numbers


def sensitive(values: NDArray[Any], stated: Sensitivity, slope: float | None = None) -> NDArray[Any]:
    """Scores of logits [...] by the contract's formula, float64; NaN where a logit is NaN or infinite."""
    import numpy as np

    numbers = np.where(np.isfinite(values), values, np.nan).astype(np.float64)
    clipped = np.clip(numbers, -stated.limit, stated.limit)
    return np.asarray(1.0 / (1.0 + np.exp(-(stated.value if slope is None else slope) * clipped)))
