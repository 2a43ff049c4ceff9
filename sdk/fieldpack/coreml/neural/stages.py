"""The models inside a pipeline, each a whole model file as bytes; needs no torch.

Specification: messages ``Pipeline``, ``PipelineClassifier`` and ``PipelineRegressor`` of
``Model.proto``.
"""

from __future__ import annotations

from fieldpack.coreml.neural.schema import parse
from fieldpack.errors import ModelFileError

#: Kind of model -> its message.
PIPELINES = {
    "pipeline": "Pipeline",
    "pipelineClassifier": "PipelineClassifier",
    "pipelineRegressor": "PipelineRegressor",
}
#: Most pipelines inside one another.
MOST_NESTED = 8


def read_stages(kind: str, data: bytes, nested: int) -> tuple[bytes, ...]:
    """Models of a pipeline in their order.

    Parameters
    ----------
    kind : str
        One of ``PIPELINES``.
    data : bytes
        The field of ``Model`` of that name.
    nested : int
        How many pipelines are around this one.

    Raises
    ------
    ModelFileError
        The bytes are damaged, the pipeline is empty, or too many stand inside one another.
    """
    if nested >= MOST_NESTED:
        raise ModelFileError(
            "Too many pipelines stand inside one another", came=nested + 1, allowed=f"at most {MOST_NESTED}"
        )
    parsed = parse(PIPELINES[kind], data)
    models = (parsed if kind == "pipeline" else parsed.pipeline).models
    if not models:
        raise ModelFileError("The pipeline holds no model", came=f"{len(data)} bytes", allowed="from 1")
    return tuple(bytes(model) for model in models)
