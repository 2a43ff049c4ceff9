"""From the ``[data]`` tables of ``pack.toml`` to examples."""

from __future__ import annotations

from fieldpack.contract.contract import Contract
from fieldpack.data.arrays import open_arrays
from fieldpack.data.example import Examples
from fieldpack.data.folder import open_folder
from fieldpack.data.places import open_places
from fieldpack.data.provider import open_provider
from fieldpack.data.scenes import open_scenes
from fieldpack.data.table import open_table
from fieldpack.spec import DataSource, FolderData, PlaceData, ProviderData, SceneData, TableData


def open_data(source: DataSource, seed: int, contract: Contract | None = None) -> Examples:
    """Open a data set.

    Parameters
    ----------
    source : DataSource
        A table of ``[data]``, paths absolute.
    seed : int
        Seed of the sample that ``limit`` takes.
    contract : Contract, optional
        What the examples are for; scenes are cut by it, nothing else needs it.

    Returns
    -------
    Examples
        The same examples in the same order at each iteration; files are named, not opened.

    Raises
    ------
    SpecError
        A manifest, column, folder or provider is missing.
    InputError
        A file that the data set names is missing.
    """
    if isinstance(source, TableData):
        return open_table(source, seed)
    if isinstance(source, FolderData):
        return open_folder(source, seed)
    if isinstance(source, ProviderData):
        return open_provider(source)
    if isinstance(source, PlaceData):
        return open_places(source, seed)
    if isinstance(source, SceneData):
        return open_scenes(source, seed, contract)
    return open_arrays(source)
