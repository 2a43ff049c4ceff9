"""What flavours of a bundle answer for one taxon at the centres of cells."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from fieldpack.bundle.thresholds import in_force
from fieldpack.contract import LocationInput, Output
from fieldpack.errors import InputError
from fieldpack.predict import Predictor
from fieldpack.preprocess.cells import Cells, cell_centres
from fieldpack.preprocess.location import encode_places
from fieldpack.recordings.scores import label_scores

if TYPE_CHECKING:
    from fieldpack.bundle.read import Bundle

AT_ONCE = 2000
Progress = Callable[[str, float], None]


@dataclass(frozen=True, slots=True)
class Scored:
    """One flavour's answers.

    Attributes
    ----------
    flavour, evidence : str
        What ran, and how.
    scores : ndarray
        float64 [N], one a cell.
    threshold : float
        Score from which the taxon is expected.
    """

    flavour: str
    evidence: str
    scores: NDArray[np.float64]
    threshold: float

    @property
    def expected(self) -> NDArray[np.bool_]:
        """Where the taxon is expected, [N]."""
        return np.asarray(self.scores >= self.threshold)


@dataclass(frozen=True, slots=True)
class RangeMap:
    """A taxon's map: cells uint64 [N], one or two flavours, and the bundle that they are of."""

    taxon: str
    resolution: int
    cells: Cells
    flavours: tuple[Scored, ...]
    bundle: str
    digest: str

    @property
    def overlap(self) -> float | None:
        """Intersection over union of both flavours' maps; None of one flavour, or where neither has any."""
        if len(self.flavours) < 2:
            return None
        first, second = (item.expected for item in self.flavours)
        either = int((first | second).sum())
        return float((first & second).sum() / either) if either else None

    @property
    def shown(self) -> NDArray[np.int64]:
        """Places of the cells that some flavour expects the taxon in."""
        return np.flatnonzero(np.any([item.expected for item in self.flavours], axis=0))


def range_map(
    bundle: Bundle,
    taxon: str,
    cells: Cells,
    resolution: int,
    flavours: Sequence[str | None],
    elevations_m: Mapping[int, float] | None = None,
    week: int | None = None,
    progress: Progress = lambda stage, fraction: None,
) -> RangeMap:
    """Run flavours of a range model at the centres of cells.

    Parameters
    ----------
    bundle : Bundle
        Its one input is a place.
    taxon : str
        A label, or a scientific name or id at the beginning of one.
    cells : ndarray
        uint64 [N] of that resolution.
    flavours : sequence of str or None
        Names; None is the first of the bundle.
    elevations_m : mapping, optional
        Cell -> metres; a cell that is missing has none, and the contract says what that means.
    week : int, optional
        1..48, for models that take one.
    progress : callable
        Called with (stage, fraction).

    Raises
    ------
    InputError
        The bundle takes no places, or knows no such taxon.
    """
    scored = tuple(
        _scored(bundle, name, taxon, cells, elevations_m, week, progress) for name in dict.fromkeys(flavours)
    )
    manifest = bundle.manifest
    title = f"{manifest.name} {manifest.version}"
    return RangeMap(taxon, resolution, cells, scored, title, bundle.digest)


def _scored(
    bundle: Bundle,
    name: str | None,
    taxon: str,
    cells: Cells,
    elevations_m: Mapping[int, float] | None,
    week: int | None,
    progress: Progress,
) -> Scored:
    predictor = Predictor(bundle, name)
    contract = predictor.input
    if not isinstance(contract, LocationInput):
        raise InputError("a map needs a model that takes places", came=f"its input is a {contract.kind}")
    output, place = output_of(bundle, taxon)
    scores = np.empty(len(cells))
    for start in range(0, len(cells), AT_ONCE):
        progress(f"map ({predictor.flavour.name})", start / len(cells))
        part = cells[start : start + AT_ONCE]
        vectors = _vectors(contract, part, elevations_m, week)
        answers = predictor.run({contract.name: vectors})[output.name].reshape(len(part), -1)
        scores[start : start + len(part)] = label_scores(output, answers)[:, place]
    limits = in_force(output, predictor.thresholds[output.name])
    limit = float(limits[place] if isinstance(limits, np.ndarray) else limits)
    return Scored(predictor.flavour.name, predictor.evidence.value, scores, limit)


def _vectors(
    contract: LocationInput, cells: Cells, elevations_m: Mapping[int, float] | None, week: int | None
) -> NDArray[np.float32]:
    latitudes, longitudes = cell_centres(cells)
    weeks = None if week is None else np.full(len(cells), week)
    if elevations_m is None:
        return encode_places(latitudes, longitudes, None, contract, weeks)
    known = np.array([elevations_m.get(int(cell), np.nan) for cell in cells])
    there = np.isfinite(known)
    vectors = np.empty((len(cells), *contract.shape), np.float32)
    for chosen, heights in ((there, known[there]), (~there, None)):
        if chosen.any():
            some = None if weeks is None else weeks[chosen]
            vectors[chosen] = encode_places(latitudes[chosen], longitudes[chosen], heights, contract, some)
    return vectors


def output_of(bundle: Bundle, taxon: str) -> tuple[Output, int]:
    """The output that has a label for a taxon, or its id in a taxonomy, and the label's place in it.

    Raises
    ------
    InputError
        No output has such a label, more than one label begins so, or scores of the output have no threshold.
    """
    import difflib

    known: list[str] = []
    for output in bundle.manifest.contract.outputs:
        labels = bundle.labels(output.name)
        known += labels
        found = [index for index, label in enumerate(labels) if label == taxon]
        found = found or [index for index, label in enumerate(labels) if label.partition("_")[0] == taxon]
        found = found or _leaf_of(bundle, output, taxon)
        if len(found) == 1 and output.threshold is not None:
            return output, found[0]
        if found:
            what = "has no threshold" if len(found) == 1 else "has several labels for this taxon"
            raise InputError(f"output {output.name} {what}", came=taxon)
    near = difflib.get_close_matches(taxon, known, 3)
    hint = f"near it: {', '.join(near)}" if near else "fieldpack inspect lists the outputs"
    raise InputError("the bundle has no label for this taxon", came=taxon, hint=hint)


def _leaf_of(bundle: Bundle, output: Output, taxon: str) -> list[int]:
    """The place of the leaf with this id, where the output has a taxonomy."""
    from fieldpack.taxonomy.release import stored_taxonomy

    if output.taxonomy is None:
        return []
    return [
        item.leaf
        for item in stored_taxonomy(bundle, output.name).taxa
        if item.id == taxon and item.leaf is not None
    ]


def properties(found: RangeMap, place: int) -> dict[str, Any]:
    """What is said of one cell: its name, and score and expectation of each flavour."""
    said: dict[str, Any] = {"cell": f"{int(found.cells[place]):x}"}
    for number, item in enumerate(found.flavours):
        ending = "_compared" if number else ""
        said[f"score{ending}"] = round(float(item.scores[place]), 6)
        said[f"expected{ending}"] = bool(item.scores[place] >= item.threshold)
    return said
