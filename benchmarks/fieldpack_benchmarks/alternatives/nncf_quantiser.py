"""Worker target: NNCF's post-training quantisation of a PyTorch model, run in torch.

NNCF writes no file for a phone: it returns the module with simulated rounding, for OpenVINO to pack. Its
size is therefore counted: one byte for each weight of the layers that were quantised, four for all other
parameters.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from fieldpack_benchmarks.alternatives.torch_model import opened_module


def quantize(
    calibration: list[str], evaluation: list[str], scores: str, source: dict[str, Any]
) -> dict[str, Any]:
    """Quantise, run, and store the scores [N, C].

    Parameters
    ----------
    calibration, evaluation : list of str
        One ``.npy`` [N, ...] of the module's input.
    scores : str
        ``.npy`` to write.
    source : dict
        A PyTorch source model.
    """
    import nncf
    import torch

    module, example = opened_module(source)
    rows = np.load(calibration[0], mmap_mode="r")
    samples = [torch.from_numpy(np.array(rows[index : index + 1], np.float32)) for index in range(len(rows))]
    program = torch.export.export(module, (example,)).module()
    quantised = nncf.quantize(program, nncf.Dataset(samples), subset_size=len(samples))
    given = np.load(evaluation[0], mmap_mode="r")
    with torch.no_grad():
        found = [
            quantised(torch.from_numpy(np.array(given[index : index + 1], np.float32))).numpy()
            for index in range(len(given))
        ]
    np.save(scores, np.concatenate(found))
    return {"scores": scores, "size_bytes": counted_bytes(module)}


def counted_bytes(module: Any) -> int:
    """One byte a weight of convolutions and dense layers, four for every other number that stays.

    Batch norms are folded into the convolutions before them, whose bias they become.
    """
    from torch import nn

    total = 0
    for part in module.modules():
        if isinstance(part, nn.Conv2d | nn.Linear):
            total += part.weight.numel() + 4 * part.weight.shape[0]
    return total
