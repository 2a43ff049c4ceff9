"""Where the real data and the real models are: ``FIELDPACK_DATA``, or the place that the specs name."""

from __future__ import annotations

import os
from pathlib import Path

from fieldpack.errors import MissingDependencyError

VARIABLE = "FIELDPACK_DATA"
SPECS = Path(__file__).parent / "specs"
DEFAULT = "../../../../shared/data"


def data_root() -> Path:
    """The folder, which may not exist."""
    return Path(os.path.normpath(SPECS / os.environ.get(VARIABLE, DEFAULT)))


def required_data_root() -> Path:
    """The folder.

    Raises
    ------
    MissingDependencyError
        It does not hold the models.
    """
    root = data_root()
    if not (root / "models").is_dir():
        raise MissingDependencyError(
            "this study packs real models, which do not come with Fieldpack",
            came=f"no folder {root / 'models'}",
            hint=f"export {VARIABLE}=FOLDER, the folder that holds models/, vision/ and sound/",
        )
    return root
