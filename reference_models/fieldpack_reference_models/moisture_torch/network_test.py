"""The encoder against the same steps written out in numpy, token by token, and its published file."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from fieldpack.errors import ModelFileError
from fieldpack_reference_models.moisture_torch import network
from fieldpack_reference_models.moisture_torch.examples import INPUTS, prepared

torch = pytest.importorskip("torch", reason="pip install 'fieldpack[torch]'")
Weights = dict[str, NDArray[Any]]


def measurements(count: int, seed: int = 0) -> tuple[NDArray[Any], ...]:
    """Made-up measurements: series [N, 3, 18], cover, month [N, 3] and latlon [N, 2]."""
    dice = np.random.default_rng(seed)
    series = dice.uniform(200, 3000, (count, 3, 18))
    series[..., :2] = dice.uniform(-25, -5, (count, 3, 2))
    series[..., 13] = dice.uniform(265, 305, (count, 3))
    series[..., 14] = dice.uniform(0, 0.01, (count, 3))
    series[..., 15:17] = dice.uniform(0, 30, (count, 1, 2))
    first = dice.integers(0, 12, (count, 1))
    cover = dice.integers(0, 9, (count, 3))
    latlon = np.stack([dice.uniform(-60, 60, count), dice.uniform(-180, 180, count)], axis=1)
    return series, cover, (first + np.arange(3)) % 12, latlon


def _published(seed: int = 1) -> dict[str, Any]:
    """Random weights under the names of the published file, with its tables."""
    torch.manual_seed(seed)
    own = network.encoder().state_dict()
    state = {f"encoder.{name}": torch.randn_like(value) * 0.2 for name, value in own.items()}
    state["encoder.dw_embed.weight"] = torch.cat(
        [state.pop("encoder.cover_embed.weight").T, torch.randn(1, network.WIDTH)]
    )
    angles = np.arange(12) / 12 * 2 * np.pi
    month = np.concatenate([np.tile(f(angles)[:, None], 16) for f in (np.sin, np.cos)], axis=1)
    state["encoder.month_embed.weight"] = torch.from_numpy(month.astype(np.float32))
    waves = [
        [(math.sin, math.cos)[i % 2](step / 1000 ** ((i - i % 2) / 64)) for i in range(64)]
        for step in range(24)
    ]
    state["encoder.pos_embed"] = torch.tensor(waves)[None]
    return state | {"decoder.mask_token": torch.zeros(128)}


def _normed(rows: NDArray[Any], weights: Weights, name: str) -> NDArray[Any]:
    middle, spread = rows.mean(-1, keepdims=True), rows.var(-1, keepdims=True)
    unit = (rows - middle) / np.sqrt(spread + 1e-5)
    return np.asarray(unit * weights[f"{name}.weight"] + weights[f"{name}.bias"])


def _linear(rows: NDArray[Any], weights: Weights, name: str) -> NDArray[Any]:
    return np.asarray(rows @ weights[f"{name}.weight"].T + weights[f"{name}.bias"])


def _gelu(rows: NDArray[Any]) -> NDArray[Any]:
    return np.asarray(rows * 0.5 * (1 + np.vectorize(math.erf)(rows / math.sqrt(2))))


def _written_out(weights: Weights, series: NDArray[Any], cover: Any, month: Any, latlon: Any) -> NDArray[Any]:
    """Features of one example from the published weights; bands are prepared already."""
    lat, lon = np.deg2rad(latlon)
    place = np.array([math.cos(lat) * math.cos(lon), math.cos(lat) * math.sin(lon), math.sin(lat)])
    tokens = [_linear(place, weights, "latlon_embed")]
    for number, (name, bands) in enumerate(network.GROUPS.items()):
        for step in range(1 if name == "SRTM" else 3):
            token = _linear(series[step, list(bands)], weights, f"eo_patch_embed.{name}")
            token[32:64] += weights["channel_embed.weight"][number]
            if name != "SRTM":
                token[:32] += weights["month_embed.weight"][month[step]]
                token[64:] += weights["pos_embed"][0, step]
            tokens.append(token)
    for step in range(3):
        parts = (weights["month_embed.weight"][month[step]], weights["channel_embed.weight"][9])
        added = np.concatenate([*parts, weights["pos_embed"][0, step]])
        tokens.append(weights["dw_embed.weight"][cover[step]] + added)
    flow = np.stack(tokens)
    for block in ("blocks.0", "blocks.1"):
        qkv = _linear(_normed(flow, weights, f"{block}.norm1"), weights, f"{block}.attn.qkv")
        seen = []
        for head in range(8):
            query, key, value = (
                qkv[:, 128 * part + 16 * head : 128 * part + 16 * head + 16] for part in range(3)
            )
            shares = np.exp(query @ key.T / 4)
            seen.append(shares / shares.sum(axis=1, keepdims=True) @ value)
        flow = flow + _linear(np.concatenate(seen, axis=1), weights, f"{block}.attn.proj")
        wide = _gelu(_linear(_normed(flow, weights, f"{block}.norm2"), weights, f"{block}.mlp.fc1"))
        flow = flow + _linear(wide, weights, f"{block}.mlp.fc2")
    return _normed(flow.mean(axis=0), weights, "norm")


def _inputs(count: int) -> tuple[list[Any], tuple[NDArray[Any], ...]]:
    raw = measurements(count)
    found = prepared(*raw)
    return [torch.from_numpy(found[name]) for name in INPUTS], raw


def test_the_encoder_does_what_is_written_out_here(tmp_path: Path) -> None:
    state = _published()
    torch.save(state, tmp_path / "presto.pt")
    module = network.encoder().eval()
    network.load_published(module, tmp_path / "presto.pt")
    inputs, (_, cover, month, latlon) = _inputs(3)
    with torch.no_grad():
        found = module(*inputs).numpy()
    weights = {name.removeprefix("encoder."): value.double().numpy() for name, value in state.items()}
    assert found.shape == (3, network.WIDTH)
    for row in range(3):
        bands = inputs[0][row].numpy().astype(np.float64)
        wanted = _written_out(weights, bands, cover[row], month[row], latlon[row])
        assert np.abs(found[row] - wanted).max() < 2e-4


@pytest.mark.parametrize("fault", ["missing", "shape", "positions", "months"])
def test_another_file_is_refused(fault: str, tmp_path: Path) -> None:
    state = _published()
    if fault == "missing":
        del state["encoder.norm.bias"]
    elif fault == "shape":
        state["encoder.eo_patch_embed.S1.weight"] = torch.zeros(128, 3)
    else:
        state["encoder.pos_embed" if fault == "positions" else "encoder.month_embed.weight"] += 0.1
    torch.save(state, tmp_path / "presto.pt")
    with pytest.raises(ModelFileError, match="does not hold Presto's encoder"):
        network.load_published(network.encoder(), tmp_path / "presto.pt")


def test_the_network_gives_one_number_an_example() -> None:
    inputs, _ = _inputs(2)
    module = network.build(32).eval()
    with torch.no_grad():
        assert module(*inputs).shape == (2, 1)
    names = {name for name in module.state_dict() if "months" in name or "positions" in name}
    assert not names
