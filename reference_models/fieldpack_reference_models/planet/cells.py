"""The planet's heights by H3 cell: ``python -m fieldpack_reference_models.planet.cells --out FILE``.

A phone knows where it is and not how high; the table gives it the height of the cell's centre, as the tables
of iNaturalist's apps do. Cells of resolution 2 are about 160 km wide.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from fieldpack.preprocess.cells import cell_centres, h3_library
from fieldpack_reference_models.planet.ground import elevation_m, points

RESOLUTION = 2
FILE = Path(__file__).with_name("elevation_r2.csv")


def table() -> str:
    """CSV with ``h3_02`` and ``elevation`` in metres, a row for every cell, in rising order.

    Raises
    ------
    MissingDependencyError
        h3 is not installed.
    """
    h3 = h3_library()
    names = (child for base in h3.get_res0_cells() for child in h3.cell_to_children(base, RESOLUTION))
    cells = np.sort(np.fromiter(names, np.uint64))
    heights = elevation_m(points(*cell_centres(cells)))
    rows = (f"{cell:x},{height:.0f}" for cell, height in zip(cells.tolist(), heights, strict=True))
    return "\n".join(("h3_02,elevation", *rows)) + "\n"


def main(arguments: Sequence[str] | None = None) -> int:
    """Write the table."""
    parser = argparse.ArgumentParser(prog="python -m fieldpack_reference_models.planet.cells")
    parser.add_argument("--out", type=Path, default=FILE, help="file; by default the one beside the weights")
    parser.parse_args(arguments).out.write_text(table(), encoding="utf-8")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
