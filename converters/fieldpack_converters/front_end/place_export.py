"""Worker target: the encoder of a location input as a TFLite file and a Core ML package, all in float32."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from fieldpack.contract.inputs import LocationInput
from fieldpack_converters.front_end.export import tflite_of
from fieldpack_converters.front_end.operations import Graph
from fieldpack_converters.front_end.places import graph_of_place
from fieldpack_converters.quiet import quiet

PLACE = "degrees_and_metres"
"""Name of the input of every encoder; not ``place``, which the contract may call its own."""


def export_place(
    contract: dict[str, Any], tflite: str | None, coreml: str | None, minimum_ios: str, batch: int = 1
) -> dict[str, Any]:
    """Write the encoder of a location input.

    Parameters
    ----------
    contract : dict
        A ``LocationInput`` as plain data; its name is the output's in Core ML.
    tflite, coreml : str or None
        The ``.tflite`` file and the ``.mlpackage`` folder; None for none.
    minimum_ios : str
        Deployment target of the package, "15" to "18".
    batch : int
        Places that the files take at once; 1 in a bundle.
    """
    stated = LocationInput.model_validate(contract)
    graph = graph_of_place(stated)
    if tflite is not None:
        Path(tflite).write_bytes(tflite_of(graph, PLACE, stated.name, batch))
    if coreml is not None:
        _write_package(graph, stated.name, coreml, minimum_ios, batch)
    return {"fields": graph.operations[0].shape[0]}


def _write_package(graph: Graph, made: str, path: str, minimum_ios: str, batch: int) -> None:
    import coremltools as ct
    import torch

    from fieldpack_converters.front_end.in_torch import FrontEndModule

    shape = (batch, *graph.operations[0].shape)
    with quiet():
        traced = torch.jit.trace(FrontEndModule(graph).eval(), torch.zeros(shape))
        model = ct.convert(
            traced,
            inputs=[ct.TensorType(name=PLACE, shape=shape)],
            outputs=[ct.TensorType(name=made)],
            convert_to="mlprogram",
            compute_precision=ct.precision.FLOAT32,
            minimum_deployment_target=getattr(ct.target, f"iOS{minimum_ios}"),
            skip_model_load=True,
        )
        model.short_description = ""
        model.save(path)
