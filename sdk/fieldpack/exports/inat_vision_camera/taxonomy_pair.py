"""Both taxonomy files from one taxonomy, with thresholds, in the order of the scores."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from fieldpack.errors import ContractError
from fieldpack.exports.inat_vision_camera.source_models import SourceModel
from fieldpack.taxonomy import Form, Taxonomy, parse_taxonomy, read_taxonomy, write_taxonomy
from fieldpack.taxonomy.thresholds import read_thresholds


def find_taxonomy(picture: SourceModel, given: Path | None) -> Taxonomy:
    """The taxonomy of the scores: of a file where one is given, else of the bundle.

    Raises
    ------
    ContractError
        There is none, or it is not that of the model's labels, or it lacks what the plugin needs.
    """
    if given is not None:
        taxonomy = read_taxonomy(given)
    elif picture.output.taxonomy is not None:
        where = picture.output.taxonomy
        taxonomy = parse_taxonomy(picture.bundle.read(where), where)
    else:
        raise ContractError(
            "The plugin needs a taxonomy, and the bundle of pictures holds none",
            hint="give one with --taxonomy FILE, or build with `taxonomy` in [[contract.outputs]]",
        )
    return taxonomy.labelled(picture.labels)


def with_thresholds(taxonomy: Taxonomy, place: SourceModel | None, given: Path | None) -> Taxonomy:
    """The taxonomy with thresholds of its leaves: of a file, of the bundle of places, or those that it has.

    Raises
    ------
    ContractError
        The file or the bundle has thresholds for other taxa.
    """
    if given is not None:
        return taxonomy.with_thresholds(read_thresholds(given))
    found = _of_bundle(taxonomy, place)
    return taxonomy.with_thresholds(found) if found else taxonomy


def _of_bundle(taxonomy: Taxonomy, place: SourceModel | None) -> Mapping[str, float]:
    """Thresholds of the bundle of places: one for each label where it has them, else its one for all."""
    if place is None:
        return {}
    fitted = flavour_thresholds(place)
    if fitted:
        return dict(zip((taxon.id for taxon in taxonomy.leaves), lower(fitted, place), strict=True))
    stated = place.output.threshold
    if stated is None or any(taxon.threshold is not None for taxon in taxonomy.taxa):
        return {}
    return {taxon.id: stated for taxon in taxonomy.leaves}


def flavour_thresholds(place: SourceModel) -> list[NDArray[np.float32]]:
    """Thresholds of the labels for each flavour that is taken, [C], NaN for none; empty without any."""
    found = (place.bundle.thresholds(place.output.name, flavour.name) for flavour in place.flavours.values())
    return [values for values in found if values is not None]


def lower(fitted: list[NDArray[np.float32]], place: SourceModel) -> list[float]:
    """One threshold for both platforms, as the plugin has it: the lower of those refitted on each flavour.

    So a taxon is expected nearby wherever one of the flavours says so.
    """
    default = np.nan if place.output.threshold is None else place.output.threshold
    filled = [np.where(np.isnan(values), default, values.astype(np.float64)) for values in fitted]
    return [float(value) for value in np.min(filled, axis=0)]


def pair(taxonomy: Taxonomy) -> tuple[bytes, bytes]:
    """``taxonomy.csv`` and ``taxonomy.json``.

    Raises
    ------
    ContractError
        The taxonomy cannot be written so; the message names the taxa.
    """
    return write_taxonomy(taxonomy, Form.INATURALIST_CSV), write_taxonomy(taxonomy, Form.INATURALIST_JSON)


def below_floor(taxonomy: Taxonomy, floor: float) -> list[str]:
    """Taxa whose threshold a floor under the geo scores would make meaningless."""
    return [taxon.id for taxon in taxonomy.leaves if taxon.threshold is not None and taxon.threshold <= floor]
