"""A range model of a bundle: scores of places, of all taxa or of a few.

Fusion with a picture asks for the hundred taxa that the picture allows, of a head that knows a hundred
thousand. Where the flavour's file lets the head be split off, only those rows are computed; the answer is
that of the whole file, and the features of the last places are kept.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike, NDArray

from fieldpack.bundle.manifest import FlavourKind
from fieldpack.bundle.thresholds import in_force
from fieldpack.contract import Activation, LocationInput
from fieldpack.errors import InputError
from fieldpack.predict import Predictor
from fieldpack.preprocess.location import encode_places
from fieldpack.recordings.scores import label_scores
from fieldpack.tflite.head import Head, split_head
from fieldpack.tflite.runner import TfliteRunner

if TYPE_CHECKING:
    from fieldpack.bundle.read import Bundle

Scores = NDArray[np.float32]


class RangeModel:
    """One flavour, loaded once.

    Parameters
    ----------
    bundle : Bundle
        Its one input is a place; its first output with labels has the taxa.
    flavour : str, optional
        Name; the first when None.
    threads : int
        Threads of the engine.

    Attributes
    ----------
    taxa : tuple of str
        Labels, in output order.
    thresholds : ndarray
        float64 [C], in force for this flavour.
    gathers : bool
        Whether a few taxa cost less than all.

    Raises
    ------
    InputError
        The bundle takes no places, or has no such flavour.
    """

    def __init__(self, bundle: Bundle, flavour: str | None = None, *, threads: int = 1) -> None:
        self._predictor = Predictor(bundle, flavour, threads=threads)
        contract = self._predictor.input
        if not isinstance(contract, LocationInput):
            raise InputError("a range model takes places", came=f"the input is a {contract.kind}")
        self.contract = contract
        self.output = next(item for item in bundle.manifest.contract.outputs if item.labels is not None)
        self.taxa = bundle.labels(self.output.name)
        limits = in_force(self.output, self._predictor.thresholds[self.output.name])
        self.thresholds = np.broadcast_to(np.asarray(limits, np.float64), (len(self.taxa),))
        self._places = {taxon: place for place, taxon in enumerate(self.taxa)}
        self._trunk: TfliteRunner | None = None
        self._head: Head | None = None
        entry, output = self._predictor.flavour, self.output
        alone = output.activation is Activation.SIGMOID or output.sensitivity is not None
        found = None
        if alone and entry.kind is FlavourKind.TFLITE:
            found = split_head(bundle.path(entry.path))
        if found is not None and len(found[1].weights) == len(self.taxa):
            self._trunk, self._head = TfliteRunner(found[0], threads=threads), found[1]
        self._seen: tuple[bytes, Scores] | None = None

    @property
    def gathers(self) -> bool:
        """Whether a few taxa cost less than all."""
        return self._head is not None

    def scores(
        self,
        latitudes_degrees: ArrayLike,
        longitudes_degrees: ArrayLike,
        elevations_m: ArrayLike | None = None,
        taxa: Sequence[str] | None = None,
        weeks: ArrayLike | None = None,
    ) -> Scores:
        """Scores of N places.

        Parameters
        ----------
        latitudes_degrees, longitudes_degrees, elevations_m, weeks : array_like
            [N], as :func:`fieldpack.preprocess.location.encode_places` takes them.
        taxa : sequence of str, optional
            K labels; all where None.

        Returns
        -------
        ndarray
            float32 [N, K], in the order of `taxa`.

        Raises
        ------
        InputError
            A place does not fit, or a taxon is unknown.
        """
        vectors = encode_places(latitudes_degrees, longitudes_degrees, elevations_m, self.contract, weeks)
        rows = slice(None) if taxa is None else [self._row(taxon) for taxon in taxa]
        if self._head is not None and not isinstance(rows, slice):
            answers = self._head.answers(self._features(vectors), rows)
            return np.asarray(label_scores(self.output, answers), np.float32)
        answers = self._predictor.run({self.contract.name: vectors})[self.output.name]
        scores = label_scores(self.output, answers.reshape(len(vectors), -1))
        return np.asarray(scores[:, rows], np.float32)

    def expected(self, scores: Scores, taxa: Sequence[str] | None = None) -> NDArray[np.bool_]:
        """Which of these scores [N, K] reach their taxa's thresholds."""
        rows = slice(None) if taxa is None else [self._row(taxon) for taxon in taxa]
        return np.asarray(scores >= self.thresholds[rows])

    def _row(self, taxon: str) -> int:
        if taxon not in self._places:
            raise InputError("the range model does not know this taxon", came=taxon)
        return self._places[taxon]

    def _features(self, vectors: Scores) -> Scores:
        """What the trunk makes of vectors, [N, F]; those of the last call are kept."""
        key = vectors.tobytes()
        if self._seen is None or self._seen[0] != key:
            runner = self._trunk
            if runner is None:
                raise ValueError("a model that gathers has a trunk")
            (name,) = (spec.name for spec in runner.inputs)
            made = [next(iter(runner.run({name: vector[None]}).values()))[0] for vector in vectors]
            self._seen = (key, np.asarray(made, np.float32))
        return self._seen[1]
