"""Holds the compiled TypeScript against the Python reference: the same seeded cases through both.

Node runs ``agreement.mjs`` over all cases at once; what each side made is compared number by number.
"""

from __future__ import annotations

import itertools
import json
import math
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fieldpack.contract import Contract, Output
from fieldpack.contract.inputs import ImageInput, Input, LocationInput, WaveformInput
from fieldpack.errors import MissingDependencyError, WorkerError

if TYPE_CHECKING:
    import numpy as np

SCRIPT = Path(__file__).with_name("agreement.mjs")
TOLERANCE = 1e-6
Case = tuple[dict[str, Any], list[float]]
"""What Node gets, and what the reference makes of it."""


def disagreement(node: str, folder: Path, count: int, seed: int = 0) -> dict[str, float]:
    """The largest gap of each kind of case, relative to 1 or to the size of the number.

    Parameters
    ----------
    node : str
        The Node program.
    folder : Path
        Where the cases are written.
    count : int
        How many inputs are drawn, a quarter of each kind.
    seed : int
        Of the draw.

    Raises
    ------
    MissingDependencyError
        Node cannot be started.
    WorkerError
        The script failed.
    """
    import numpy as np

    random = np.random.default_rng(seed)
    cases = [kind(random) for kind in itertools.islice(itertools.cycle(KINDS), count)]
    file = folder / "cases.json"
    file.write_text(json.dumps([case for case, _ in cases]), encoding="utf-8")
    answers = _answers(node, file)
    gaps: dict[str, float] = {}
    for (case, wanted), found in zip(cases, answers, strict=True):
        gaps[case["kind"]] = max(gaps.get(case["kind"], 0.0), _gap(wanted, found))
    return gaps


def _answers(node: str, file: Path) -> list[list[float]]:
    try:
        done = subprocess.run([node, str(SCRIPT), str(file)], capture_output=True, text=True, check=False)
    except OSError as error:
        hint = "install Node 20 or later"
        raise MissingDependencyError("TypeScript runs on Node", came=error.strerror, hint=hint) from error
    if done.returncode:
        raise WorkerError("the compiled TypeScript failed on Node", came=done.stderr.strip()[-2000:])
    answers: list[list[float]] = json.loads(done.stdout)
    return answers


def _gap(wanted: list[float], found: list[float]) -> float:
    if len(wanted) != len(found):
        return math.inf
    gaps = (abs(one - other) / max(1.0, abs(one)) for one, other in zip(wanted, found, strict=True))
    return max(gaps, default=0.0)


def _parsed(fields: dict[str, Any]) -> tuple[Input, dict[str, Any]]:
    """An input of the contract, and its JSON as a manifest has it."""
    output = {"name": "y", "activation": "linear", "unit": "m"}
    contract = Contract.model_validate_json(json.dumps({"inputs": [fields], "outputs": [output]}))
    return contract.inputs[0], contract.inputs[0].model_dump(mode="json")


def _picture(random: np.random.Generator) -> Case:
    """A rough picture through crop, resize, colour order, normalisation and layout."""
    import numpy as np
    from PIL import Image

    from fieldpack.preprocess.image import prepare_image, to_tensor

    methods = ("nearest", "bilinear", "bilinear_no_antialias", "bicubic", "lanczos", "box")
    fits = (
        {"kind": "stretch"},
        {"kind": "center_crop", "fraction": float(random.uniform(0.3, 1))},
        {"kind": "pad", "value": int(random.integers(0, 256))},
    )
    order, layout = random.choice(["rgb", "bgr", "gray"]), random.choice(["NHWC", "NCHW"])
    channels = 1 if order == "gray" else 3
    mean, std = random.uniform(0.2, 0.7, channels).tolist(), random.uniform(0.1, 0.4, channels).tolist()
    height, width = (int(side) for side in random.integers(1, 40, 2))
    contract, plain = _parsed({
        "kind": "image", "name": "x", "height": height, "width": width, "color_order": str(order),
        "layout": str(layout), "normalization": {"kind": "mean_std", "mean": mean, "std": std},
        "resize": {"method": str(random.choice(methods)), "fit": fits[random.integers(0, 3)]},
    })  # fmt: skip
    if not isinstance(contract, ImageInput):
        raise TypeError("the case is a picture")
    rows, columns = (int(side) for side in random.integers(1, 60, 2))
    pixels = random.integers(0, 256, (rows, columns, 3), dtype=np.uint8)
    scale, offset = contract.scale_offset()
    prepared = prepare_image(Image.fromarray(pixels), contract)
    tensor = to_tensor(prepared[None], scale, offset, contract.layout)
    border = {
        "name": "x", "tensor": "x", "shape": list(tensor.shape), "dtype": "float32", "layout": str(layout),
        "scale": scale, "offset": offset,
    }  # fmt: skip
    case = {"kind": "image", "contract": plain, "border": border, "width": columns, "height": rows}
    return {**case, "pixels": pixels.reshape(-1).tolist()}, tensor.reshape(-1).tolist()


def _sound(random: np.random.Generator) -> Case:
    """A noisy clip through rate, silence, length, windows and value scale."""
    import numpy as np

    from fieldpack.preprocess.waveform import sound_windows

    scales = (
        {"kind": "unit"}, {"kind": "int16"}, {"kind": "min_max", "epsilon": 1e-6},
        {"kind": "peak", "peak": 0.25, "remove_mean": bool(random.integers(0, 2))},
    )  # fmt: skip
    silence = {"top_db": 20.0, "frame_length": 64, "hop_length": 32}
    windows = {
        "samples": int(random.integers(100, 400)), "overlap": float(random.uniform(0, 0.8)),
        "last": str(random.choice(["pad", "shift"])), "pooling": "mean",
    }  # fmt: skip
    contract, plain = _parsed({
        "kind": "waveform", "name": "x", "axes": ["sample"], "front_end": {
            "sample_rate_hz": 8000,
            "resampler": {"kind": "polyphase", "zero_crossings": 8, "kaiser_beta": 9.0, "rolloff": 0.91},
            "channel_mix": "mean", "low_rate": "refuse", "min_seconds": 0.05, "max_seconds": 0.2,
            "remove_silence": silence if random.integers(0, 2) else "none",
            "value_scale": scales[random.integers(0, 4)], "windows": windows,
        },
    })  # fmt: skip
    if not isinstance(contract, WaveformInput):
        raise TypeError("the case is a waveform")
    rate = int(random.choice([8000, 11025, 16000, 22050, 44100, 48000]))
    loudness = np.repeat(random.choice([0.3, 1e-4], 20), rate // 80)
    samples = (random.normal(0, 1, len(loudness)) * loudness).clip(-1, 1).astype(np.float32)
    prepared = sound_windows(samples, rate, contract)
    case = {"kind": "waveform", "contract": plain, "rate": rate, "samples": samples.tolist()}
    return case, prepared.reshape(-1).tolist()


def _place(random: np.random.Generator) -> Case:
    """A place through one of the encodings."""
    from fieldpack.preprocess.location import encode

    encodings = (
        "degrees", "sin_cos_4", "inaturalist_5", "sinusoidal_14", {"kind": "birdnet_3", "week": "number"},
        {"kind": "birdnet_3", "week": "cosine"},
    )  # fmt: skip
    fields = {
        "kind": "location",
        "name": "x",
        "encoding": encodings[random.integers(0, 6)],
        "beyond_180": "wrap",
    }
    contract, plain = _parsed(fields)
    if not isinstance(contract, LocationInput):
        raise TypeError("the case is a place")
    latitude, longitude = float(random.uniform(-90, 90)), float(random.uniform(-700, 700))
    elevation = float(random.uniform(-500, 8000)) if random.integers(0, 2) else None
    weekly = contract.encoding.kind == "birdnet_3" and random.integers(0, 2)
    week = int(random.integers(1, 49)) if weekly else None
    vector = encode(latitude, longitude, elevation, contract, week)
    place = {
        "latitudeDegrees": latitude,
        "longitudeDegrees": longitude,
        "elevationM": elevation,
        "week": week,
    }
    return {"kind": "location", "contract": plain, "place": place}, vector.tolist()


def _scores(random: np.random.Generator) -> Case:
    """Windows of answers through scores, pooling and a taxonomy."""
    import numpy as np

    from fieldpack.recordings.pooling import pooled
    from fieldpack.recordings.scores import label_scores
    from fieldpack.taxonomy import Taxonomy
    from fieldpack.taxonomy.rollup import rollup
    from fieldpack.taxonomy.taxon import Taxon

    sensitivity = {"value": 1.25, "limit": 15.0} if random.integers(0, 2) else None
    fields = {
        "name": "y",
        "activation": "logits",
        "labels": "l.txt",
        "sensitivity": sensitivity,
        "threshold": 0.5,
    }
    output = Output.model_validate(fields)
    pooling = ("mean", "max", {"kind": "log_mean_exp", "sharpness": 5.0})[random.integers(0, 3)]
    labels, count = int(random.integers(2, 9)), int(random.integers(1, 5))
    values = random.normal(0, 6, (count, labels)).astype(np.float32)
    rule = _parsed_pooling(pooling)
    joined = pooled(label_scores(output, values), np.zeros(count, np.int64), rule)
    parents = [-1, 0, 0, *(int(random.integers(0, 3)) for _ in range(labels))]
    leaves = [None, None, None, *range(labels)]
    taxa = tuple(
        Taxon(str(row), None if parent < 0 else str(parent), str(row), leaf=leaf)
        for row, (parent, leaf) in enumerate(zip(parents, leaves, strict=True))
    )
    how = random.choice(["sum", "max", "min"])
    rolled = rollup(Taxonomy(taxa), joined, how)[0]
    rows = [{"parent": parent, "leaf": leaf} for parent, leaf in zip(parents, leaves, strict=True)]
    case = {
        "kind": "scores", "output": output.model_dump(mode="json"), "pooling": pooling, "taxa": rows,
        "values": values.tolist(), "rule": str(how),
    }  # fmt: skip
    return case, [*joined[0].tolist(), *(-9.0 if math.isnan(value) else value for value in rolled.tolist())]


def _parsed_pooling(pooling: Any) -> Any:
    from fieldpack.contract.resampling import LogMeanExp

    return LogMeanExp.model_validate(pooling) if isinstance(pooling, dict) else pooling


KINDS: tuple[Callable[[np.random.Generator], Case], ...] = (_picture, _sound, _place, _scores)
