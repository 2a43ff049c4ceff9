"""A data set of scenes: cut into tiles as maps are made, with the truth that another raster holds."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from fieldpack.contract.contract import Contract
from fieldpack.contract.raster import RasterInput
from fieldpack.data.example import Example
from fieldpack.data.sample import sample
from fieldpack.errors import SpecError
from fieldpack.spec import SceneData, ScenePair

if TYPE_CHECKING:
    from fieldpack.scenes.reading import RasterScene
    from fieldpack.scenes.tiles import Tiles
    from fieldpack.scenes.truth import Truth


@dataclass(frozen=True, slots=True)
class SceneTiles:
    """Tiles of scenes, read anew at each iteration, so that they need not fit in memory.

    Attributes
    ----------
    source : SceneData
        Where the scenes are.
    contract : RasterInput
        How they are cut.
    cuts : sequence of (int, int, int, Example)
        Scene, row and column of each tile, with an example that lacks its arrays.
    """

    source: SceneData
    contract: RasterInput
    cuts: Sequence[tuple[int, int, int, Example]]
    left_out: int = 0

    def __len__(self) -> int:
        return len(self.cuts)

    def __iter__(self) -> Iterator[Example]:
        for number, pair in enumerate(self.source.scenes):
            cuts = [cut for cut in self.cuts if cut[0] == number]
            if not cuts:
                continue
            with ExitStack() as opened:
                scene = _Opened.of(pair, self.contract, opened)
                for _, row, column, bare in cuts:
                    tile, values = scene.read(row, column)
                    targets = {} if self.source.quantity is None else {self.source.quantity: values}
                    yield replace(bare, raw={self.contract.name: tile}, targets=targets)


@dataclass(frozen=True, slots=True)
class _Opened:
    """A scene with its truth, and the plan of its tiles."""

    contract: RasterInput
    scene: RasterScene
    truth: Truth | None
    tiles: Tiles

    @classmethod
    def of(cls, pair: ScenePair, contract: RasterInput, opened: ExitStack) -> _Opened:
        from fieldpack.scenes.reading import open_scene
        from fieldpack.scenes.tiles import plan_tiles
        from fieldpack.scenes.truth import open_truth

        scene = opened.enter_context(open_scene(Path(pair.scene), contract))
        place, truth, factor = scene.place, None, 1
        if pair.truth is not None:
            truth = opened.enter_context(open_truth(Path(pair.truth), place))
            factor = truth.factor
        answer = contract.height // factor, contract.width // factor
        return cls(contract, scene, truth, plan_tiles(contract, place.height, place.width, answer))

    def read(self, row: int, column: int) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """A prepared tile [H, W, C], and the truth [H, W] of the answer's size that it decides."""
        from fieldpack.scenes.cutting import read_tile

        tile, unseen = read_tile(self.contract, self.scene, self.tiles, row, column)
        rows, columns = self.tiles.rows, self.tiles.columns
        values = np.full((rows.tile, columns.tile), np.nan, np.float32)
        if self.truth is not None:
            (top, bottom), (left, right) = rows.own(row), columns.own(column)
            inner = np.s_[top - rows.starts[row] : bottom - rows.starts[row],
                          left - columns.starts[column] : right - columns.starts[column]]  # fmt: skip
            known = self.truth.read(top, left, bottom - top, right - left)
            values[inner] = np.where(unseen[inner], np.float32(np.nan), known)
        return tile, values

    def block(self, row: int, column: int, side: int) -> tuple[int, int]:
        """The block that the middle of what a tile decides lies in."""
        ends = self.tiles.rows.own(row), self.tiles.columns.own(column)
        first, second = (sum(end) * self.tiles.factor // (2 * side) for end in ends)
        return first, second


def open_scenes(source: SceneData, seed: int, contract: Contract | None) -> SceneTiles:
    """Tiles of every scene, row by row, named ``scene-row-column``; their block is their group.

    Parameters
    ----------
    source : SceneData
        Paths absolute.
    seed : int
        Of the folds and of the sample that ``limit`` takes.
    contract : Contract or None
        Its one input is a raster.

    Raises
    ------
    SpecError
        The model takes no rasters, or no tile is left.
    InputError
        A scene does not fit the contract, or its truth does not lie on it.
    MissingDependencyError
        rasterio is not installed.
    """
    taken = None if contract is None or len(contract.inputs) != 1 else contract.inputs[0]
    if not isinstance(taken, RasterInput):
        raise SpecError('kind = "scenes" is for models whose one input is a raster')
    found: list[tuple[int, int, int, Example]] = []
    for number, pair in enumerate(source.scenes):
        with ExitStack() as opened:
            found += _cuts(source, number, _Opened.of(pair, taken, opened), seed)
    examples = sample([cut[3] for cut in found], source.limit, seed)
    if not examples:
        raise SpecError("no tile of the scenes is left", hint="make blocks smaller, or take other parts")
    kept = {example.id for example in examples}
    return SceneTiles(source, taken, [cut for cut in found if cut[3].id in kept])


def _cuts(
    source: SceneData, number: int, scene: _Opened, seed: int
) -> Iterator[tuple[int, int, int, Example]]:
    """Tiles of one scene that lie in the parts that are taken, and decide some truth."""
    name = f"{number}-{Path(source.scenes[number].scene).stem}"
    places = [
        (row, column)
        for row in range(len(scene.tiles.rows.starts))
        for column in range(len(scene.tiles.columns.starts))
    ]
    folds = _folds([scene.block(row, column, source.block) for row, column in places], source, seed + number)
    for row, column in places:
        block = scene.block(row, column, source.block)
        if folds[block] not in source.take:
            continue
        if scene.truth is not None and np.isnan(scene.read(row, column)[1]).all():
            continue
        group = f"{name}-{block[0]}-{block[1]}"
        raw: dict[str, NDArray[Any]] = {}
        yield number, row, column, Example(f"{name}-{row}-{column}", raw, slices={"scene": name}, group=group)


def _folds(blocks: Sequence[tuple[int, int]], source: SceneData, seed: int) -> dict[tuple[int, int], int]:
    """Block -> its part; parts differ by one block at most."""
    every = sorted(set(blocks))
    order = np.random.default_rng(seed).permutation(len(every))
    return {block: int(place) % source.folds for block, place in zip(every, order, strict=True)}
