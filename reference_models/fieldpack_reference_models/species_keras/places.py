"""The sites of the six regions as data of ``pack.toml``: places to compare maps on, and records by species.

``FIELDPACK_DATA`` names the folder with ``geo/species_disdat``. Survey sites serve as places without their
truth: a site tells only the group that was looked for there, and what the model makes of all its species is
what a flavour must keep. The truth is the comparison's.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path

import numpy as np

from fieldpack.errors import InputError
from fieldpack_reference_models.species_keras.features import Vectors, stored_features
from fieldpack_reference_models.species_keras.regions import REGIONS, read_region, read_surveys

VARIABLE = "FIELDPACK_DATA"
RECORDS_EACH = 25
"""Records of a species that a threshold is fitted to, at most."""
SEED = 20_264


def data_folder() -> Path:
    """The folder that ``FIELDPACK_DATA`` names.

    Raises
    ------
    InputError
        It names none.
    """
    found = os.environ.get(VARIABLE)
    if not found:
        raise InputError(
            "the species model is packed with data that are no part of the project",
            hint=f"export {VARIABLE}=FOLDER, the folder that holds geo/species_disdat/",
        )
    return Path(found)


def places(split: str, count: int) -> Iterator[tuple[str, Vectors, None, dict[str, str]]]:
    """Yield `count` places, of each region as many: survey sites, in NZ and SA background.

    Places that a record of :func:`records` shares are left out. `split` must be ``places``.
    """
    _check(split, "places")
    each = -(-count // len(REGIONS))
    yielded = 0
    for region in REGIONS:
        for number, vector in enumerate(_apart(region, each)):
            if yielded == count:
                return
            yielded += 1
            yield f"{region}/{number:04d}", vector, None, {"region": region}


def _apart(region: str, count: int) -> Vectors:
    data, features = data_folder(), stored_features()
    surveys = read_surveys(data, region)
    sites = [survey.sites for survey in surveys] or [read_region(data, region).background]
    vectors = np.concatenate([features.vectors(region, each) for each in sites])
    vectors = np.random.default_rng(SEED).permutation(np.unique(vectors, axis=0))
    known = {row.tobytes() for row in _recorded(data, region)[0]}
    kept = [row for row in vectors if row.tobytes() not in known][:count]
    return np.stack(kept)


def records(split: str, count: int) -> Iterator[tuple[str, Vectors, str, dict[str, str]]]:
    """Yield at most `count` records with their species, at most 25 of each, region by region.

    `split` must be ``records``.
    """
    _check(split, "records")
    data, yielded = data_folder(), 0
    for region in REGIONS:
        vectors, species = _recorded(data, region)
        for number, (vector, label) in enumerate(zip(vectors, species, strict=True)):
            if yielded == count:
                return
            yielded += 1
            yield f"{region}/{label}/{number:05d}", vector, label, {"region": region}


@lru_cache(maxsize=len(REGIONS))
def _recorded(data: Path, name: str) -> tuple[Vectors, tuple[str, ...]]:
    region, dice = read_region(data, name), np.random.default_rng(SEED)
    chosen = []
    for species in range(len(region.species)):
        rows = np.flatnonzero(region.recorded == species)
        chosen.append(np.sort(dice.permutation(rows)[:RECORDS_EACH]))
    rows = np.concatenate(chosen)
    labels = tuple(region.species[number] for number in region.recorded[rows])
    return stored_features().vectors(name, region.records.rows(rows)), labels


def _check(split: str, allowed: str) -> None:
    if split != allowed:
        raise InputError("the species data have no such split here", came=split, allowed=allowed)
