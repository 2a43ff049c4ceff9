"""Data sets: from the ``[data]`` tables of ``pack.toml`` to prepared arrays with labels and slices.

``open.py`` has one neighbour a kind of source; ``prepared.py`` runs every example through
:mod:`fieldpack.preprocess`.
"""

from fieldpack.data.example import Example, ExampleList, Examples
from fieldpack.data.open import open_data
from fieldpack.data.prepared import Prepared, prepare_data
from fieldpack.data.thumbnail import thumbnail

__all__ = ["Example", "ExampleList", "Examples", "Prepared", "open_data", "prepare_data", "thumbnail"]
