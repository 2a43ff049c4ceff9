"""One answer from a bundle: a picture, a sound, a place or an array in, ranked labels out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fieldpack.bundle.cell_tables import placed_input
from fieldpack.bundle.manifest import FlavourEntry
from fieldpack.bundle.read import Bundle
from fieldpack.bundle.thresholds import in_force
from fieldpack.contract import Output, SoundInput
from fieldpack.errors import InputError
from fieldpack.recordings.pooling import pooled
from fieldpack.recordings.scores import label_scores
from fieldpack.runtime.flavour import EVIDENCE, open_flavour

if TYPE_CHECKING:
    from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Ranked:
    """One label with its score, or one number of a linear output."""

    label: str
    score: float
    threshold: float | None = None
    """Score from which the label is expected; None where the output has no thresholds of labels."""

    @property
    def expected(self) -> bool | None:
        """Whether the score reaches the threshold."""
        return None if self.threshold is None else self.score >= self.threshold

    def as_dict(self) -> dict[str, object]:
        """Plain data."""
        plain: dict[str, object] = {"label": self.label, "score": round(self.score, 6)}
        if self.threshold is None:
            return plain
        return {**plain, "threshold": round(self.threshold, 6), "expected": self.expected}


class Predictor:
    """A flavour of a bundle, loaded once and run as often as wanted.

    Parameters
    ----------
    bundle : Bundle
        An open bundle.
    flavour : str, optional
        Name of the flavour; the first one when None.
    precision : str, optional
        Arithmetic of a Core ML flavour, ``fp32`` or ``fp16``.
    threads : int
        Threads of the engine.

    Raises
    ------
    InputError
        The bundle has no such flavour, or has more than one input.
    """

    def __init__(
        self, bundle: Bundle, flavour: str | None = None, *, precision: str | None = None, threads: int = 1
    ) -> None:
        self.bundle = bundle
        self.flavour = choose_flavour(bundle, flavour)
        inputs = bundle.manifest.contract.inputs
        if len(inputs) != 1:
            raise InputError(
                "predict takes models with one input",
                came=", ".join(item.name for item in inputs),
                hint="use fieldpack.runtime.flavour.open_flavour with one array for each input",
            )
        self.input = placed_input(bundle, inputs[0])
        self.evidence = EVIDENCE[self.flavour.kind]
        self._runner = open_flavour(
            self.flavour.kind,
            bundle.path(self.flavour.path),
            self.flavour.inputs,
            self.flavour.outputs,
            precision=precision,
            threads=threads,
            engine="auto",
        )
        self._labels = {
            output.name: bundle.labels(output.name)
            for output in bundle.manifest.contract.outputs
            if output.labels is not None
        }
        self.thresholds = {
            output.name: bundle.thresholds(output.name, self.flavour.name)
            for output in bundle.manifest.contract.outputs
        }

    def scores(self, raw: Any) -> dict[str, NDArray[Any]]:
        """Scores of one example, by output name; a recording's windows are pooled.

        Parameters
        ----------
        raw : Path, array, picture, (samples, rate) or (latitude, longitude, elevation)
            Whatever :func:`fieldpack.preprocess.prepare` takes for the input's kind.
        """
        from fieldpack.preprocess.prepare import prepare

        results = self.run({self.input.name: prepare(self.input, raw)})
        return {name: self._pooled(scores) for name, scores in results.items()}

    def run(self, prepared: Mapping[str, NDArray[Any]]) -> dict[str, NDArray[Any]]:
        """What the model gives for prepared items [K, ...] by input name; float32 [K, ...] by output name."""
        return self._runner.run(prepared)

    def ranked(self, raw: Any, top: int = 5) -> dict[str, list[Ranked]]:
        """The best `top` labels of every output, highest first; a linear output as it is."""
        return {
            output.name: self._ranked(output, scores, top)
            for output, scores in self._with_outputs(self.scores(raw))
        }

    def _with_outputs(self, scores: Mapping[str, NDArray[Any]]) -> list[tuple[Output, NDArray[Any]]]:
        return [(output, scores[output.name]) for output in self.bundle.manifest.contract.outputs]

    def _pooled(self, scores: NDArray[Any]) -> NDArray[Any]:
        import numpy as np

        rule = self.input.front_end.windows.pooling if isinstance(self.input, SoundInput) else "mean"
        joined: NDArray[Any] = pooled(scores, np.zeros(len(scores), np.int64), rule)[0]
        return joined

    def _ranked(self, output: Output, scores: NDArray[Any], top: int) -> list[Ranked]:
        import numpy as np

        values = scores.reshape(-1).astype(np.float64)
        if not output.activation.classifies:
            return [
                Ranked(f"{output.name}[{i}] ({output.unit})", float(v)) for i, v in enumerate(values[:top])
            ]
        values = label_scores(output, values[None])[0]
        order = np.argsort(-values, kind="stable")[:top]
        limits = in_force(output, self.thresholds[output.name]) if output.maps else None
        return [
            Ranked(
                self._labels[output.name][index],
                float(values[index]),
                None if limits is None else float(limits[index]),
            )
            for index in order
        ]


def choose_flavour(bundle: Bundle, name: str | None) -> FlavourEntry:
    """The flavour of that name, or the first.

    Raises
    ------
    InputError
        The bundle has no such flavour.
    """
    if name is None:
        return bundle.manifest.flavours[0]
    found = bundle.manifest.flavour(name)
    if found is None:
        raise InputError(
            "the bundle has no flavour of this name",
            came=name,
            allowed=", ".join(item.name for item in bundle.manifest.flavours),
        )
    return found


def read_example(text: str) -> Any:
    """What a command line names: a file, or a place as ``LATITUDE,LONGITUDE[,ELEVATION[,WEEK]]``.

    The elevation may be left empty before a week.

    Raises
    ------
    InputError
        It is neither.
    """
    path = Path(text)
    if path.exists():
        return path
    parts = text.split(",")
    try:
        numbers = tuple(float(part) if part.strip() else None for part in parts)
    except ValueError:
        numbers = ()
    if 2 <= len(numbers) <= 4 and None not in numbers[:2]:
        latitude, longitude, elevation, week = (*numbers, None, None)[:4]
        return (latitude, longitude, elevation) if week is None else (latitude, longitude, elevation, week)
    raise InputError(
        "there is no such file",
        came=text,
        allowed="a picture, a sound, a .npy array, or LATITUDE,LONGITUDE[,ELEVATION] in degrees and metres",
    )
