from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from fieldpack.bundle.read import Bundle, open_bundle
from fieldpack.testing import tiny_bundle


@pytest.fixture
def bundle(tmp_path: Path) -> Iterator[Bundle]:
    """The tiny bundle with a flavour of each kind, open."""
    with open_bundle(tiny_bundle(tmp_path / "tiny", folder_flavour=True)) as opened:
        yield opened
