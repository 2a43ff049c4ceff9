"""Worker target: the families as Core ML packages on disk, written by coremltools from a trace."""

from __future__ import annotations

import contextlib
import io
import logging
import time
import traceback
import warnings
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from fieldpack_benchmarks.networks.families import FAMILIES, Family, flat_outputs
from fieldpack_benchmarks.rounds.coreml_loading import time_loading

Report = Callable[[str, float], None]
PRECISIONS = ("float32", "float16")
SEEDS = (101, 102)
"""Of the inputs on which everything is compared."""
REFERENCE = "reference.npz"
COMPRESSED = ("int8", "palette4")
COMPRESSED_IOS = 18


def silent(stage: str, fraction: float) -> None:
    """Report to nobody."""


def write(
    folder: str,
    families: Sequence[str],
    compressed: Sequence[str] = (),
    rounds: int = 0,
    warm_ups: int = 0,
    report: Report = silent,
) -> dict[str, Any]:
    """Write ``<family>/float32.mlpackage``, ``float16.mlpackage`` and ``reference.npz``.

    Parameters
    ----------
    folder : str
        Where to.
    families : sequence of str
        Names of ``FAMILIES``.
    compressed : sequence of str
        Of these also ``int8.mlpackage`` and ``palette4.mlpackage``, and the time to open them.
    rounds, warm_ups : int
        Of those timings.

    Returns
    -------
    dict
        Per family ``parameters``, ``spread`` (standard deviation of the first output) and per
        package ``seconds`` or, where coremltools refuses, ``error``; ``loading`` has the timings of
        each compressed package.
    """
    facts: dict[str, Any] = {}
    for number, name in enumerate(families):
        report(f"convert {name} to Core ML", number / len(families))
        place = Path(folder) / name
        place.mkdir(parents=True)
        with _quiet():
            facts[name] = _family(FAMILIES[name], place, name in compressed)
    for name in compressed:
        report(f"open {name}", 0.95)
        with _quiet():
            facts[name]["loading"] = {
                kind: time_loading(Path(folder) / name / f"{kind}.mlpackage", rounds, warm_ups)
                for kind in COMPRESSED
                if "error" not in facts[name]["packages"][kind]
            }
    return facts


def _family(family: Family, place: Path, compressed: bool) -> dict[str, Any]:
    import torch

    torch.set_num_threads(1)
    network = family.network()
    outputs = _save_reference(family, network, place / REFERENCE)
    sample = tuple(torch.from_numpy(array) for array in family.inputs(SEEDS[0]))
    traced = torch.jit.trace(network, sample, check_trace=False)
    jobs: dict[str, Callable[[], Any]] = {
        precision: partial(_converted, family, traced, precision, family.minimum_ios)
        for precision in PRECISIONS
    }
    if compressed:
        full = _converted(family, traced, "float16", COMPRESSED_IOS)
        jobs |= dict(zip(COMPRESSED, (partial(_int8, full), partial(_palette, full)), strict=True))
    return {
        "parameters": sum(item.numel() for item in network.parameters()),
        "spread": float(outputs[0].std()),
        "packages": {name: _attempt(job, place / f"{name}.mlpackage") for name, job in jobs.items()},
    }


def _save_reference(family: Family, network: Any, path: Path) -> list[Any]:
    """What torch says, as ``<seed>_<output>``; returns the outputs of the first seed."""
    import torch

    saved: dict[str, Any] = {}
    first: list[Any] = []
    for seed in SEEDS:
        with torch.no_grad():
            found = flat_outputs(network(*(torch.from_numpy(array) for array in family.inputs(seed))))
        first = first or found
        saved |= {f"{seed}_{place}": array for place, array in enumerate(found)}
    np.savez(path, **saved)
    return first


def _converted(family: Family, traced: Any, precision: str, ios: int) -> Any:
    import coremltools as ct

    return ct.convert(
        traced,
        inputs=[
            ct.TensorType(name=f"input_{place}", shape=shape) for place, shape in enumerate(family.shapes)
        ],
        outputs=[ct.TensorType(name=f"output_{place}") for place in range(family.outputs)],
        compute_precision=getattr(ct.precision, precision.upper()),
        minimum_deployment_target=getattr(ct.target, f"iOS{ios}"),
        skip_model_load=True,
    )


def _int8(model: Any) -> Any:
    import coremltools.optimize.coreml as cto

    settings = cto.OpLinearQuantizerConfig(mode="linear_symmetric", weight_threshold=0)
    return cto.linear_quantize_weights(model, cto.OptimizationConfig(global_config=settings))


def _palette(model: Any) -> Any:
    """Evenly spaced tables: as large as clustered ones, and made in a second."""
    import coremltools.optimize.coreml as cto

    settings = cto.OpPalettizerConfig(mode="uniform", nbits=4)
    return cto.palettize_weights(model, cto.OptimizationConfig(global_config=settings))


def _attempt(job: Callable[[], Any], path: Path) -> dict[str, Any]:
    """Convert and save; a refusal of the converter is a fact about it, so any exception is kept as text."""
    start = time.perf_counter()
    try:
        job().save(str(path))
    except Exception as error:  # noqa: BLE001
        return {"error": short(error)}
    return {"seconds": time.perf_counter() - start}


def short(error: BaseException) -> str:
    """An exception in one line."""
    (*_, last) = traceback.format_exception_only(error)
    return " ".join(last.split())[:300]


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    logging.getLogger("coremltools").setLevel(logging.ERROR)
    with warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()):
        warnings.simplefilter("ignore")
        yield
