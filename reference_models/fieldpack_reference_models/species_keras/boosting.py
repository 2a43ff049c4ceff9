"""Gradient boosting beside the network: one model a species, on the same numbers of the same sites.

Twice: with the random background alone, as is usual, and with the weights that the network learns from.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fieldpack.errors import MissingDependencyError
from fieldpack_reference_models.species_keras.features import RegionFeatures, Vectors
from fieldpack_reference_models.species_keras.regions import Region
from fieldpack_reference_models.species_keras.training_set import weigh


@dataclass(frozen=True, slots=True)
class BoostingRecipe:
    """Settings of scikit-learn's histogram gradient boosting; the first that were written down."""

    max_iter: int = 100
    learning_rate: float = 0.05
    max_leaf_nodes: int = 8
    l2_regularization: float = 1.0
    early_stopping: bool = False
    random_state: int = 0


RECIPE = BoostingRecipe()


def boosted(
    region: Region, features: RegionFeatures, target_group: float, surveys: list[Vectors]
) -> list[NDArray[np.float64]]:
    """Scores of all species of a region on the sites of each survey, float64 [sites, species].

    Parameters
    ----------
    region : Region
        What is learned from.
    features : RegionFeatures
        How sites become numbers.
    target_group : float
        As of :func:`~..training_set.weigh`; 0 for the random background alone.
    surveys : list of ndarray
        float32 [sites, numbers], of :meth:`RegionFeatures.own`.

    Raises
    ------
    MissingDependencyError
        scikit-learn is not installed.
    """
    cells = weigh(region, target_group)
    own = [features.own(region.records.rows(cells.records)), features.own(region.background)]
    vectors = np.concatenate(own)
    weights = cells.present + cells.absent
    found = [np.zeros((len(sites), len(region.species))) for sites in surveys]
    for species in range(len(region.species)):
        used = weights[:, species] > 0
        model = _classifier()
        model.fit(vectors[used], cells.present[used, species] > 0, sample_weight=weights[used, species])
        for scores, sites in zip(found, surveys, strict=True):
            scores[:, species] = model.decision_function(sites)
    return found


def _classifier() -> Any:
    try:
        from sklearn.ensemble import HistGradientBoostingClassifier
    except ImportError as error:
        raise MissingDependencyError(
            "The comparison needs scikit-learn.", came=error, hint="pip install 'fieldpack[coreml-convert]'"
        ) from error
    return HistGradientBoostingClassifier(**asdict(RECIPE))
