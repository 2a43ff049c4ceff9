"""Measure stored weights: ``python -m fieldpack_reference_models.nature_keras.evaluate``."""

from __future__ import annotations

from collections.abc import Sequence

from fieldpack_reference_models.nature.evaluation import evaluate_command
from fieldpack_reference_models.nature_keras.train import MODEL


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure stored weights; see :func:`~..nature.evaluation.evaluate_command`."""
    return evaluate_command(MODEL, arguments)


if __name__ == "__main__":
    raise SystemExit(main())
