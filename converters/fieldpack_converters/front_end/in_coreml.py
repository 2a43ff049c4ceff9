"""Passes of coremltools that store matrices of a front-end as float16, each with a ``constexpr_cast``.

The cast is done where a phone loads the model; iOS 16 is the first that has it.
"""

from __future__ import annotations

from typing import Any

import coremltools as ct
import numpy as np
from coremltools.converters.mil.mil import Builder
from coremltools.converters.mil.mil.passes.graph_pass import AbstractGraphPass
from coremltools.converters.mil.mil.passes.pass_registry import register_pass

from fieldpack.bundle.manifest import FrontEndWeights
from fieldpack_converters.front_end.storage import is_halved

_WEIGHTED = {"linear": "weight", "matmul": "y", "conv": "weight"}
"""Operator -> its input that may be a constant matrix."""


class _Halving(AbstractGraphPass):  # type: ignore[misc]
    weights: FrontEndWeights

    def apply(self, prog: Any) -> None:
        """Replace the constants of every function."""
        for function in prog.functions.values():
            for one in list(function.operations):
                if one.op_type in _WEIGHTED:
                    self._replace(function, one)

    def _replace(self, function: Any, one: Any) -> None:
        matrix = one.inputs[_WEIGHTED[one.op_type]]
        if matrix.op is None or matrix.op.op_type != "const" or matrix.val.dtype != np.float32:
            return
        if not is_halved(matrix.val, self.weights):
            return
        with function:
            half = Builder.constexpr_cast(
                source_val=matrix.val.astype(np.float16),
                output_dtype="fp32",
                name=f"{matrix.name}_half",
                before_op=one,
            )
            function.replace_uses_of_var_after_op(anchor_op=half.op, old_var=matrix, new_var=half)
            function.remove_ops([matrix.op])


@register_pass(namespace="fieldpack")
class halve_matrices(_Halving):  # noqa: N801 - the registry takes the name of the class
    """Every matrix."""

    weights = FrontEndWeights.FLOAT16


@register_pass(namespace="fieldpack")
class halve_filters(_Halving):  # noqa: N801
    """Matrices without a negative weight."""

    weights = FrontEndWeights.FILTERS_FLOAT16


def pipeline_of(weights: FrontEndWeights) -> Any:
    """The passes of coremltools, and behind them the one that halves."""
    pipeline = ct.PassPipeline()
    if weights is not FrontEndWeights.FLOAT32:
        halving = halve_matrices if weights is FrontEndWeights.FLOAT16 else halve_filters
        pipeline.append_pass(f"fieldpack::{halving.__name__}")
    return pipeline
