"""What the network learns from, and how much each cell of it weighs.

The full weighted loss for presence-only data of Zbinden et al. 2024, "On the selection and effectiveness of
pseudo-absences for species distribution modeling with deep learning" (arXiv:2401.02989): of each species, its
records weigh 1 together; where others of its group were recorded (the target-group background, visited by the
same people) and it was not, 0.8; and the random background 0.2.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from fieldpack_reference_models.species_keras.features import Features, Vectors
from fieldpack_reference_models.species_keras.regions import Region

Weights = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Cells:
    """Sites of a region and what each weighs for each of its species.

    Attributes
    ----------
    records : int64 [R]
        One record of every place that has any; the background follows.
    present, absent : float32 [R + background, S]
        Weights as presence and as absence; 0 where a site says nothing. Each column of either sums to the
        number of sites.
    """

    records: NDArray[np.int64]
    present: Weights
    absent: Weights


def weigh(region: Region, target_group: float) -> Cells:
    """The weights of one region's sites.

    Parameters
    ----------
    region : Region
        Its records and background.
    target_group : float
        Share of the absences' weight that the target-group background has, 0..1.
    """
    keys = np.concatenate([region.records.places, region.records.covariates], axis=1)
    _, first, site = np.unique(keys, axis=0, return_index=True, return_inverse=True)
    site = site.ravel()
    groups = np.array(region.groups)
    seen = np.zeros((len(first), len(groups)), np.float64)
    visited = np.zeros_like(seen)
    seen[site, region.recorded] = 1.0
    np.maximum.at(visited, site, (groups[region.recorded][:, None] == groups[None]).astype(float))
    others = visited * (1.0 - seen)
    background = len(region.background)
    total = len(first) + background
    present, absent = np.zeros((total, len(groups))), np.zeros((total, len(groups)))
    present[: len(first)] = seen / seen.sum(axis=0)
    absent[: len(first)] = target_group * others / np.maximum(others.sum(axis=0), 1.0)
    absent[len(first) :] = (1.0 - target_group) / background
    return Cells(first, (present * total).astype(np.float32), (absent * total).astype(np.float32))


@dataclass(frozen=True, slots=True)
class TrainingSet:
    """Sites of all regions: vectors [N, features], weights [N, species] each."""

    vectors: Vectors
    present: Weights
    absent: Weights


def training_set(regions: list[Region], features: Features, target_group: float) -> TrainingSet:
    """All regions, one after the other."""
    vectors: list[Vectors] = []
    present: list[Weights] = []
    absent: list[Weights] = []
    for region in regions:
        cells = weigh(region, target_group)
        _, output = features.places[region.name]
        rows = [
            features.vectors(region.name, region.records.rows(cells.records)),
            features.vectors(region.name, region.background),
        ]
        vectors.append(np.concatenate(rows))
        for kept, weights in ((present, cells.present), (absent, cells.absent)):
            wide = np.zeros((len(weights), features.species), np.float32)
            wide[:, output] = weights
            kept.append(wide)
    return TrainingSet(np.concatenate(vectors), np.concatenate(present), np.concatenate(absent))
