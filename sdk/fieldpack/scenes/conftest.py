"""A tiny raster bundle, and rasterio where it is installed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from fieldpack.scenes.testing import tile_bundle


@pytest.fixture
def rasterio() -> Any:
    return pytest.importorskip("rasterio", reason="pip install 'fieldpack[geo]'")


@pytest.fixture(scope="session")
def tiles_bundle(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tile_bundle(tmp_path_factory.mktemp("tiles") / "tiny-raster")
