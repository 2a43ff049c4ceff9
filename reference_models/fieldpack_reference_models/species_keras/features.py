"""From the covariates of a site to the vector that the network takes.

A region has numbers of its own in the vector: covariates standardised on its background, categories one by
one, the place, and a 1 that says which region it is; those of other regions are 0. The constants stand in
``features.json`` beside the weights, so that an app can make the vector from what it measures.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fieldpack_reference_models.species_keras.regions import CATEGORIES, Region, Sites

FILE = Path(__file__).with_name("features.json")
CLIP = 4.0
CLIP_PLACE = 3.0

Vectors = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class RegionFeatures:
    """How one region's sites become numbers.

    Attributes
    ----------
    region : str
        Its name.
    covariates : tuple of str
        In the order of the tables.
    numbers : dict
        Covariate -> (mean, standard deviation) over the background; then x and y.
    levels : dict
        Category -> its values.
    species : int
        How many species it has.
    """

    region: str
    covariates: tuple[str, ...]
    numbers: dict[str, tuple[float, float]]
    levels: dict[str, tuple[float, ...]]
    species: int

    @property
    def size(self) -> int:
        """Numbers of the region in the vector, the flag last."""
        return len(self.numbers) + sum(map(len, self.levels.values())) + 1

    def own(self, sites: Sites) -> Vectors:
        """The region's numbers without its flag, float32 [N, size - 1]."""
        table = dict(zip(self.covariates, sites.covariates.T, strict=True))
        table |= {"x": sites.places[:, 0], "y": sites.places[:, 1]}
        columns = []
        for name, (mean, spread) in self.numbers.items():
            bound = CLIP_PLACE if name in ("x", "y") else CLIP
            columns.append(np.clip((table[name] - mean) / spread, -bound, bound))
        for name, values in self.levels.items():
            columns += [table[name] == value for value in values]
        return np.stack(columns, axis=1).astype(np.float32)


@dataclass(frozen=True)
class Features:
    """The whole vector, region by region."""

    regions: tuple[RegionFeatures, ...]

    @property
    def size(self) -> int:
        """Numbers of the vector."""
        return sum(region.size for region in self.regions)

    @property
    def species(self) -> int:
        """Species of all regions."""
        return sum(region.species for region in self.regions)

    @cached_property
    def places(self) -> dict[str, tuple[slice, slice]]:
        """Region -> where its numbers stand in the vector, and its species in the output."""
        found, start, first = {}, 0, 0
        for region in self.regions:
            vector, output = slice(start, start + region.size), slice(first, first + region.species)
            found[region.region] = (vector, output)
            start, first = vector.stop, output.stop
        return found

    def of(self, region: str) -> RegionFeatures:
        """Those of one region."""
        return next(item for item in self.regions if item.region == region)

    def vectors(self, region: str, sites: Sites) -> Vectors:
        """Sites of a region as the network takes them, float32 [N, size]."""
        where, _ = self.places[region]
        found = np.zeros((len(sites), self.size), np.float32)
        found[:, where.start : where.stop - 1] = self.of(region).own(sites)
        found[:, where.stop - 1] = 1.0
        return found

    def membership(self) -> Vectors:
        """float32 [size, species]: 1 from the flag of a region to its species, else 0."""
        found = np.zeros((self.size, self.species), np.float32)
        for vector, output in self.places.values():
            found[vector.stop - 1, output] = 1.0
        return found

    def text(self) -> str:
        """``features.json``."""
        rows = [
            {
                "region": item.region,
                "covariates": list(item.covariates),
                "numbers": {name: list(pair) for name, pair in item.numbers.items()},
                "levels": {name: list(values) for name, values in item.levels.items()},
                "species": item.species,
            }
            for item in self.regions
        ]
        return json.dumps({"clip": CLIP, "clip_place": CLIP_PLACE, "regions": rows}, indent=1) + "\n"


def measure_features(regions: Sequence[Region]) -> Features:
    """The constants, from the background and the names of categories among background and records."""
    return Features(tuple(_measured(region) for region in regions))


def _measured(region: Region) -> RegionFeatures:
    table = dict(zip(region.covariates, region.background.covariates.T, strict=True))
    records = dict(zip(region.covariates, region.records.covariates.T, strict=True))
    categories = CATEGORIES[region.name]
    numbers = {name: _mean_spread(table[name]) for name in region.covariates if name not in categories}
    numbers |= {axis: _mean_spread(region.background.places[:, k]) for k, axis in enumerate(("x", "y"))}
    levels = {
        name: tuple(np.unique(np.concatenate([table[name], records[name]])).tolist()) for name in categories
    }
    return RegionFeatures(region.name, region.covariates, numbers, levels, len(region.species))


def _mean_spread(values: NDArray[np.float64]) -> tuple[float, float]:
    return float(f"{values.mean():.6g}"), float(f"{values.std():.6g}")


def stored_features(file: Path = FILE) -> Features:
    """The constants that the stored weights were trained with."""
    rows: list[dict[str, Any]] = json.loads(file.read_text(encoding="utf-8"))["regions"]
    return Features(
        tuple(
            RegionFeatures(
                row["region"],
                tuple(row["covariates"]),
                {name: (pair[0], pair[1]) for name, pair in row["numbers"].items()},
                {name: tuple(values) for name, values in row["levels"].items()},
                row["species"],
            )
            for row in rows
        )
    )
