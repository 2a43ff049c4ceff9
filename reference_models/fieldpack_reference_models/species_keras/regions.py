"""The six regions of the NCEAS benchmark as tables: presence-only records, background, and surveys.

Facts of Elith et al. 2020, "Presence-only and presence-absence data for comparing species distribution
modeling methods" (doi:10.17161/bi.v15i2.13384). Species are numbered and nameless.
"""

from __future__ import annotations

import csv
import gzip
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from fieldpack.errors import InputError

FOLDER = "geo/species_disdat"
REGIONS = ("AWT", "CAN", "NSW", "NZ", "SA", "SWI")
SURVEYED: dict[str, tuple[str, ...]] = {
    "AWT": ("bird", "plant"),
    "CAN": ("",),
    "NSW": ("ba", "db", "nb", "ot", "ou", "rt", "ru", "sr"),
    "SWI": ("",),
}
"""Region -> groups of species that were surveyed, each on sites of its own; "" where there is one group."""
CATEGORIES: dict[str, tuple[str, ...]] = {
    "AWT": (),
    "CAN": ("ontveg",),
    "NSW": ("vegsys", "disturb"),
    "NZ": ("age", "toxicats"),
    "SA": (),
    "SWI": ("calc",),
}
"""Covariates whose numbers are names."""
_OTHER = {"lon", "lat", "siteid", "spid", "x", "y", "occ", "group"}

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Sites:
    """Places of one region.

    Attributes
    ----------
    covariates : float64 [N, C]
        As measured, in the order of ``Region.covariates``.
    places : float64 [N, 2]
        x and y in the region's own map projection (degrees in CAN, NSW and SA, metres elsewhere).
    """

    covariates: Floats
    places: Floats

    def __len__(self) -> int:
        return len(self.covariates)

    def rows(self, chosen: NDArray[np.int64]) -> Sites:
        """Some of them."""
        return Sites(self.covariates[chosen], self.places[chosen])


@dataclass(frozen=True, slots=True)
class Survey:
    """Sites [N] where every species [S] of a group was looked for.

    Attributes
    ----------
    group : str
        Which.
    sites : Sites
        Where.
    species : int64 [S]
        Indices into ``Region.species``.
    present : bool [N, S]
        What was there.
    """

    group: str
    sites: Sites
    species: NDArray[np.int64]
    present: NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Region:
    """One region's training data.

    Attributes
    ----------
    name : str
        Of ``REGIONS``.
    covariates : tuple of str
        In the order of the columns.
    species : tuple of str
        In the order of their numbers.
    groups : tuple of str
        The group of each species.
    records : Sites
        Where a species was recorded, one a record.
    recorded : int64 [N]
        Which.
    background : Sites
        10,000 places drawn at random.
    """

    name: str
    covariates: tuple[str, ...]
    species: tuple[str, ...]
    groups: tuple[str, ...]
    records: Sites
    recorded: NDArray[np.int64]
    background: Sites


@lru_cache(maxsize=len(REGIONS))
def read_region(data: Path, name: str) -> Region:
    """Records and background of a region below a data folder.

    Raises
    ------
    InputError
        A file is missing, or a cell is no number.
    """
    rows = _rows(data, f"{name}train_po")
    covariates = tuple(column for column in rows[0] if column not in _OTHER)
    group_of = {row["spid"]: row["group"] for row in rows}
    species = tuple(sorted(group_of))
    place = {label: number for number, label in enumerate(species)}
    return Region(
        name,
        covariates,
        species,
        tuple(group_of[label] for label in species),
        _sites(rows, covariates),
        np.array([place[row["spid"]] for row in rows], np.int64),
        _sites(_rows(data, f"{name}train_bg"), covariates),
    )


@lru_cache(maxsize=len(SURVEYED))
def read_surveys(data: Path, name: str) -> tuple[Survey, ...]:
    """The surveys of a region; errors as of :func:`read_region`."""
    region = read_region(data, name)
    return tuple(_survey(data, region, group) for group in SURVEYED.get(name, ()))


def _survey(data: Path, region: Region, group: str) -> Survey:
    end = f"_{group}" if group else ""
    sites, seen = _rows(data, f"{region.name}test_env{end}"), _rows(data, f"{region.name}test_pa{end}")
    if [row["siteid"] for row in sites] != [row["siteid"] for row in seen]:
        raise InputError(f"the sites of {region.name}test_env{end} and {region.name}test_pa{end} differ")
    chosen = [number for number, label in enumerate(region.species) if label in seen[0]]
    present = np.array([[row[region.species[number]] == "1" for number in chosen] for row in seen])
    return Survey(group, _sites(sites, region.covariates), np.array(chosen, np.int64), present)


def _rows(data: Path, stem: str) -> list[dict[str, str]]:
    path = data / FOLDER / f"{stem}.csv.gz"
    try:
        with gzip.open(path, "rt", encoding="utf-8", newline="") as file:
            return list(csv.DictReader(file))
    except OSError as error:
        raise InputError(
            "a table of the species data cannot be read",
            came=f"{path}: {error}",
            hint=f"--data (or FIELDPACK_DATA) names the folder that holds {FOLDER}/",
        ) from error


def _sites(rows: Sequence[dict[str, str]], covariates: Sequence[str]) -> Sites:
    return Sites(_numbers(rows, covariates), _numbers(rows, ("x", "y")))


def _numbers(rows: Sequence[dict[str, str]], columns: Sequence[str]) -> Floats:
    try:
        return np.array([[float(row[column]) for column in columns] for row in rows], np.float64)
    except (KeyError, ValueError) as error:
        raise InputError("a cell of the species data is no number", came=error) from error
