"""The network: Presto's encoder (arXiv:2304.14065) with fixed shapes, and a head for the moisture.

Twenty-nine tokens of 128: eight groups of bands in each of three months, one of the terrain, three of the
land cover, one of the place. To each is added month | group | position. Two transformer blocks, the mean over
the tokens, a layer norm. The head is a cosine layer with fixed frequencies and a linear one. The encoder's
weights keep the published names, so that the published file loads; the tables of months and positions are
constants here.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fieldpack.errors import ModelFileError
from fieldpack_reference_models.learning.torch_learner import framework

WIDTH = 128
HEADS = 8
BLOCKS = 2
MONTHS = 3
COVERS = 9
GROUPS = {
    "S1": (0, 1),
    "S2_RGB": (2, 3, 4),
    "S2_Red_Edge": (5, 6, 7),
    "S2_NIR_10m": (8,),
    "S2_NIR_20m": (9,),
    "S2_SWIR": (10, 11),
    "ERA5": (12, 13),
    "SRTM": (14, 15),
    "NDVI": (16,),
}
BANDS = 17
TOKENS = MONTHS * (len(GROUPS) - 1) + 1 + MONTHS + 1
WAVES = 2048


def build(waves: int = WAVES) -> Any:
    """Build the untrained ``torch.nn.Module``.

    Parameters
    ----------
    waves : int
        Cosines of the head.

    Returns
    -------
    torch.nn.Module
        bands float32 [N, 3, 17], cover [N, 3, 9], month [N, 3, 2] and place [N, 3], made by
        :mod:`~.examples`, to the moisture in percent of the dry weight, [N, 1].
    """
    import torch
    from torch import nn

    class Moisture(nn.Module):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__()
            self.encoder = encoder()
            self.waves, self.moisture = nn.Linear(WIDTH, waves), nn.Linear(waves, 1)

        def forward(self, bands: Any, cover: Any, month: Any, place: Any) -> Any:
            return self.moisture(torch.cos(self.waves(self.encoder(bands, cover, month, place))))

    return Moisture()


def encoder() -> Any:
    """The untrained encoder: the inputs of :func:`build` to features [N, 128]."""
    import torch
    from torch import nn

    class Encoder(nn.Module):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__()
            parts = {name: nn.Linear(len(bands), WIDTH) for name, bands in GROUPS.items()}
            self.eo_patch_embed = nn.ModuleDict(parts)
            self.cover_embed = nn.Linear(COVERS, WIDTH, bias=False)
            self.latlon_embed = nn.Linear(3, WIDTH)
            self.channel_embed = nn.Embedding(len(GROUPS) + 1, WIDTH // 4)
            self.blocks = nn.ModuleList(_block() for _ in range(BLOCKS))
            self.norm = nn.LayerNorm(WIDTH)
            self.register_buffer("months", torch.from_numpy(month_map()), persistent=False)
            self.register_buffer("positions", torch.from_numpy(position_table(MONTHS)), persistent=False)

        def forward(self, bands: Any, cover: Any, month: Any, place: Any) -> Any:
            when = torch.matmul(month, self.months)
            flow = torch.cat([self.latlon_embed(place)[:, None], *self._tokens(bands, cover, when)], dim=1)
            for block in self.blocks:
                flow = block(flow)
            return self.norm(flow.mean(dim=1))

        def _tokens(self, bands: Any, cover: Any, when: Any) -> list[Any]:
            """Tokens of each group [N, 3, 128], of the terrain [N, 1, 128]."""
            found = []
            for place, (name, (first, *_, last)) in enumerate(_spans()):
                seen = bands[:, :, first : last + 1]
                if name == "SRTM":
                    found.append(self.eo_patch_embed[name](seen[:, :1]) + self._group(place, 0))
                else:
                    found.append(self.eo_patch_embed[name](seen) + when + self._group(place, 1))
            return [*found, self.cover_embed(cover) + when + self._group(len(GROUPS), 1)]

        def _group(self, place: int, placed: int) -> Any:
            """Group, and position where `placed`: [1, 3, 128] or [1, 1, 128]."""
            quarter = WIDTH // 4
            own = torch.nn.functional.pad(self.channel_embed.weight[place], (quarter, 2 * quarter))
            return (own + self.positions)[None] if placed else own[None, None]

    return Encoder()


def _spans() -> list[tuple[str, tuple[int, int]]]:
    return [(name, (bands[0], bands[-1])) for name, bands in GROUPS.items()]


def _block() -> Any:
    import torch
    from torch import nn

    class Attention(nn.Module):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__()
            self.qkv, self.proj = nn.Linear(WIDTH, 3 * WIDTH), nn.Linear(WIDTH, WIDTH)

        def forward(self, flow: Any) -> Any:
            parts = self.qkv(flow).reshape(-1, TOKENS, 3, HEADS, WIDTH // HEADS).permute(2, 0, 3, 1, 4)
            query, key, value = parts[0], parts[1], parts[2]
            shares = torch.softmax(query @ key.transpose(-2, -1) * (WIDTH // HEADS) ** -0.5, dim=-1)
            return self.proj((shares @ value).transpose(1, 2).reshape(-1, TOKENS, WIDTH))

    class Wide(nn.Module):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__()
            self.fc1, self.fc2 = nn.Linear(WIDTH, 4 * WIDTH), nn.Linear(4 * WIDTH, WIDTH)

        def forward(self, flow: Any) -> Any:
            return self.fc2(torch.nn.functional.gelu(self.fc1(flow)))

    class Block(nn.Module):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__()
            self.norm1, self.attn = nn.LayerNorm(WIDTH), Attention()
            self.norm2, self.mlp = nn.LayerNorm(WIDTH), Wide()

        def forward(self, flow: Any) -> Any:
            flow = flow + self.attn(self.norm1(flow))
            return flow + self.mlp(self.norm2(flow))

    return Block()


def month_map() -> NDArray[np.float32]:
    """[2, 128]: sine and cosine of the month's angle, sixteen times each, in the first quarter."""
    found = np.zeros((2, WIDTH), np.float32)
    eighth = WIDTH // 8
    found[0, :eighth] = found[1, eighth : 2 * eighth] = 1
    return found


def position_table(steps: int) -> NDArray[np.float32]:
    """[steps, 128]: sines and cosines of the position, wavelengths to 1000, in the last half."""
    size = WIDTH // 2
    pairs = np.arange(size) // 2
    angles = np.arange(steps)[:, None] / 1000 ** (2 * pairs / size)
    waves = np.where(np.arange(size) % 2 == 0, np.sin(angles), np.cos(angles))
    return np.asarray(np.concatenate([np.zeros((steps, size)), waves], axis=1), np.float32)


def load_published(module: Any, path: Path) -> None:
    """Give an encoder the weights of Presto's published state dict.

    Raises
    ------
    ModelFileError
        A weight is missing, has another shape, or the file's tables of months or positions are others.
    """
    state = framework().load(path, map_location="cpu", weights_only=True)
    weights = {
        name.removeprefix("encoder."): value for name, value in state.items() if name.startswith("encoder.")
    }
    try:
        _check_tables(weights)
        weights["cover_embed.weight"] = weights.pop("dw_embed.weight")[:COVERS].T.contiguous()
        module.load_state_dict(weights)
    except (KeyError, RuntimeError) as error:
        raise ModelFileError(
            f"{path} does not hold Presto's encoder", came=error, allowed="default_model.pt of Presto"
        ) from error


def _check_tables(weights: dict[str, Any]) -> None:
    """Take the constant tables out, having compared them with those computed here."""
    positions, months = weights.pop("pos_embed").numpy()[0], weights.pop("month_embed.weight").numpy()
    size = WIDTH // 2
    angles = np.arange(12) / 12 * 2 * np.pi
    stated = np.stack([np.sin(angles), np.cos(angles)], axis=1).astype(np.float32) @ month_map()
    pairs: Mapping[str, tuple[Any, Any]] = {
        "positions": (positions, position_table(len(positions))[:, size:]),
        "months": (months, stated[:, : WIDTH // 4]),
    }
    for name, (published, own) in pairs.items():
        if published.shape != own.shape or np.abs(published - own).max() > 1e-5:
            raise KeyError(f"the table of {name} is another one")
