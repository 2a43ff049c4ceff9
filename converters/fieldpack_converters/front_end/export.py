"""Worker targets: a front-end's TFLite files, one a transform, and its Core ML package.

All arithmetic is float32: half floats move the floor of quiet sounds, integers lose them.
"""

from __future__ import annotations

import contextlib
import io
from pathlib import Path
from typing import Any

from fieldpack.bundle.manifest import FrontEndWeights
from fieldpack.contract.inputs import SpectrogramInput
from fieldpack_converters.front_end.operations import Graph
from fieldpack_converters.front_end.spectrogram import graph_of, transforms_of
from fieldpack_converters.front_end.storage import halve_tflite
from fieldpack_converters.quiet import quiet

SOUND = "sound"
"""Name of the input of every front-end."""
NOT_PORTABLE = "fft"
"""Left out: its operator is no delegate's and not in Core ML."""


def choices_of(contract: SpectrogramInput) -> list[tuple[str, ...]]:
    """Transforms worth comparing, one a channel; where one does not suit, the convolution stands in."""
    possible = [transforms_of(spec) for spec in contract.channels]
    names = [name for name in dict.fromkeys(sum(possible, ())) if name != NOT_PORTABLE]
    choices = [tuple(name if name in own else "convolution" for own in possible) for name in names]
    return list(dict.fromkeys(choices))


def export_tflite(contract: dict[str, Any], folder: str, most_bytes: int) -> dict[str, Any]:
    """Write one TFLite file a choice of transforms whose constants are at most so many bytes, and its halves.

    Parameters
    ----------
    contract : dict
        A ``SpectrogramInput`` as plain data.
    folder : str
        Where the files are written.
    most_bytes : int
        Where no choice keeps it, the smallest is written.

    Returns
    -------
    dict
        ``samples`` of one window; ``files``: list of ``transforms``, ``path`` and ``halves``: how
        matrices are stored (``FrontEndWeights``) -> a file that is smaller, the smallest first; and
        ``left_out``: list of ``transforms`` and ``constant_bytes`` of those that are too large.

    Raises
    ------
    SpecError
        The front-end is no graph of one window.
    """
    stated = SpectrogramInput.model_validate(contract)
    graphs = {choice: graph_of(stated, *choice) for choice in choices_of(stated)}
    kept = {choice: graph for choice, graph in graphs.items() if graph.constant_bytes <= most_bytes}
    if not kept:
        smallest = min(graphs, key=lambda choice: graphs[choice].constant_bytes)
        kept = {smallest: graphs[smallest]}
    files = []
    for choice, graph in kept.items():
        path = Path(folder) / f"{'-'.join(choice)}.tflite"
        path.write_bytes(tflite_of(graph))
        files.append({"transforms": list(choice), "path": str(path), "halves": _halves(path)})
    return {
        "samples": next(iter(graphs.values())).operations[0].shape[0],
        "files": files,
        "left_out": [
            {"transforms": list(choice), "constant_bytes": graph.constant_bytes}
            for choice, graph in graphs.items()
            if choice not in kept
        ],
    }


def _halves(path: Path) -> dict[str, str]:
    found = {}
    for weights in (FrontEndWeights.FLOAT16, FrontEndWeights.FILTERS_FLOAT16):
        half = path.with_name(f"{path.stem}-{weights.value}.tflite")
        if halve_tflite(path, half, weights) and half.stat().st_size < path.stat().st_size:
            found[weights.value] = str(half)
    return found


def tflite_of(graph: Graph, given: str = SOUND, made: str = "spectrogram", batch: int = 1) -> bytes:
    """A graph as the bytes of a TFLite file of a fixed batch; `given` and `made` name input and layer."""
    import keras
    import tensorflow as tf

    from fieldpack_converters.front_end.in_keras import FrontEndLayer

    sound = keras.Input(batch_shape=(batch, *graph.operations[0].shape), name=given)
    model = keras.Model(sound, FrontEndLayer(graph, name=made)(sound), name="front_end")
    with contextlib.redirect_stdout(io.StringIO()):
        return bytes(tf.lite.TFLiteConverter.from_keras_model(model).convert())


def export_coreml(
    contract: dict[str, Any],
    transforms: list[str],
    path: str,
    minimum_ios: str,
    weights: str = FrontEndWeights.FLOAT32,
) -> dict[str, Any]:
    """Write the Core ML package of a front-end, its arithmetic in float32.

    Parameters
    ----------
    contract : dict
        A ``SpectrogramInput`` as plain data; its name is the output's.
    transforms : list of str
        One for each channel.
    path : str
        The ``.mlpackage`` folder.
    minimum_ios : str
        Deployment target, "15" to "18"; float16 needs "16".
    weights : str
        How matrices are stored, a ``FrontEndWeights``.
    """
    import coremltools as ct
    import torch

    from fieldpack_converters.front_end.in_coreml import pipeline_of
    from fieldpack_converters.front_end.in_torch import FrontEndModule

    stated = SpectrogramInput.model_validate(contract)
    graph = graph_of(stated, *transforms)
    shape = (1, *graph.operations[0].shape)
    with quiet():
        traced = torch.jit.trace(FrontEndModule(graph).eval(), torch.zeros(shape))
        model = ct.convert(
            traced,
            inputs=[ct.TensorType(name=SOUND, shape=shape)],
            outputs=[ct.TensorType(name=stated.name)],
            convert_to="mlprogram",
            compute_precision=ct.precision.FLOAT32,
            pass_pipeline=pipeline_of(FrontEndWeights(weights)),
            minimum_deployment_target=getattr(ct.target, f"iOS{minimum_ios}"),
            skip_model_load=True,
        )
        model.short_description = ""
        model.save(path)
    return {"path": path}


def run_torch(contract: dict[str, Any], transforms: list[str], sounds: str, path: str) -> dict[str, Any]:
    """Run a front-end as a PyTorch module.

    Parameters
    ----------
    contract : dict
        A ``SpectrogramInput`` as plain data.
    transforms : list of str
        One for each channel.
    sounds : str
        ``.npy`` float32 [N, samples].
    path : str
        ``.npy`` to write, float32 [N, *shape].
    """
    import numpy as np
    import torch

    from fieldpack_converters.front_end.in_torch import FrontEndModule

    torch.set_num_threads(1)
    module = FrontEndModule(graph_of(SpectrogramInput.model_validate(contract), *transforms)).eval()
    with torch.inference_mode():
        patches = [module(torch.from_numpy(sound[None])).numpy()[0] for sound in np.load(sounds)]
    np.save(path, np.stack(patches))
    return {"path": path}
