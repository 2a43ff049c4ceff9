"""The card of the canopy model: its training, its cross-validation beside a forest, its validation blocks."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from fieldpack_reference_models.canopy_torch import network
from fieldpack_reference_models.card import SCHEMA, weights

JUDGED = "cross_validation.json"
DATA = (
    "Zurich: an aerial picture of 0.5 m and a laser's heights of 1 m, 437 m by 200 m at the lake, published "
    "with detectree (GPL-3.0); highest return of vegetation above the ground. NEON: two plots of 40 m in "
    "Florida (OSBS) and California (SJER), pictures of 0.1 m brought to 0.5 m, published with "
    "NEON_crown_maps (MIT). None of them is shipped here."
)
LIMITS = (
    "One shore of one lake, one picture of it, leaf-on, in one light; how many days lie between picture and "
    "laser is not known. Red, green and blue say little about height: what is learned is texture, shadow and "
    "the colour of trees, and it is theirs. About three quarters of Zurich's cells are lower than half "
    "a metre and one in eight is higher than 5 m: trees above 10 m come out metres too low, and roofs, "
    "walls and deep shadow may pass for trees. **It does not carry to other places**: on the plots, judged "
    "by a network that had learned from neither, heights come out metres too low, worse than their own mean, "
    "and the interval holds about half of them or fewer. The stored weights have learned from both plots, so "
    "nothing shows what they do on a third. **Figures are for pictures that go on 40 m beyond what is asked, "
    "or are mirrored there**, as `fieldpack predict` does. Most of the validation blocks lie within 44 m of "
    "the picture's ends, where answers rest on the mirror. Not for estimates of wood or carbon."
)

COMPARED = (
    "Eight recipes were compared before, network alone, on three other spreads of the same blocks over "
    "folds: with a running mean of the weights or not, 16 or 24 channels, crops of 64 or 96 m, 400 or 800 "
    "steps, and two changes of noise and losses; they differed by less than a recipe does from spread to "
    "spread. Cells were the same, so the choice may flatter the figures here."
)


def facts(found: dict[str, Any], file: Path) -> dict[str, Any]:
    """Gather the card of the weights in `file`: figures of the validation blocks, and the records beside.

    ``training.json`` is there always, ``cross_validation.json`` where the recipe was judged.
    """
    from fieldpack_reference_models.learning.torch_learner import framework

    judged = file.with_name(JUDGED)
    beside = {"cross_validation": json.loads(judged.read_text(encoding="utf-8"))} if judged.is_file() else {}
    state = framework().load(file, map_location="cpu", weights_only=True)
    return {
        "schema": SCHEMA,
        "name": "canopy_torch",
        "licence": "Apache-2.0",
        "data": DATA,
        "limits": LIMITS,
        "input": "float32 [N, 3, H, W], red, green and blue of 0.5 m, (value - 102) / 51, H and W multiples "
        f"of {network.STRIDE_PX}",
        "output": "canopy height in metres, cells of 1 m, float32 [N, 1, H / 2, W / 2] each: q05, mean, q95",
        "model": weights(file, sum(value.numel() for value in state.values()))
        | {"stored": "float16; opening the file gives float32. U-Net (arXiv:1505.04597), batch normalisation "
        "folded."},
        "training": json.loads(file.with_name("training.json").read_text(encoding="utf-8")),
        **beside,
        "validation": found,
    }  # fmt: skip


def write_card(card: dict[str, Any], folder: Path) -> None:
    """Write ``card.json`` and ``card.md`` into a folder."""
    (folder / "card.json").write_text(json.dumps(card, indent=2) + "\n", encoding="utf-8")
    (folder / "card.md").write_text(page(card), encoding="utf-8")


def page(card: dict[str, Any]) -> str:
    """The card as Markdown."""
    model = card["model"]
    lines = [
        f"# {card['name']}",
        *("", f"Licence: {card['licence']}. {model['parameters']} parameters, {model['size_bytes']} bytes."),
        *("", f"SHA-256 of `{model['file']}`: `{model['sha256']}`."),
        *("", *_judged(card.get("cross_validation"))),
        *(_validated(card["validation"]), ""),
        f"Input: {card['input']}. Output: {card['output']}.",
        *("", "## Data", "", card["data"], "", card["limits"], ""),
        *("## Training", "", _learned(card), "", _spent(card["training"])),
    ]
    return "\n".join(lines) + "\n"


def _judged(judged: dict[str, Any] | None) -> list[str]:
    """The cross-validation: a sentence and two tables."""
    if judged is None:
        return []
    zurich = judged["scenes"]["zurich"]
    other = zurich["forest"]["by_height_m"]
    heights = [
        f"| {name} | {row['cells']} | {row['bias_m']} | {other[name]['bias_m']} |"
        for name, row in zurich["network"]["by_height_m"].items()
    ]
    return [
        _compared(zurich) + f" Made by `{judged['command']}`; no model saw the blocks that it is "
        "judged on, and its offset's folds do not have them either. " + COMPARED,
        "",
        "| scene | cells | R2 | forest's R2 | RMSE, m | forest's | bias, m | in the interval | width, m |",
        "| --- | --- | --- | --- | --- | --- | --- | --- | --- |",
        *(_row(name, one) for name, one in judged["scenes"].items()),
        "",
        "| true height, m (Zurich) | cells | bias, m | forest's bias, m |",
        "| --- | --- | --- | --- |",
        *heights,
        "",
    ]


def _compared(zurich: dict[str, Any]) -> str:
    apart = zurich["difference"]
    low, high = apart["interval_95"]
    bottom, top = zurich["coverage_interval_95"]
    short = 100 * abs(zurich["coverage_90"] - 0.9)
    return (
        f"**Cross-validated R2 {zurich['network']['r2']} on Zurich**, {zurich['forest']['r2']} by a random "
        f"forest on the same folds; the difference of {apart['r2_gain']} has a 95 % interval of {low} to "
        f"{high} over {apart['blocks']} blocks. {zurich['coverage_90']} of the heights lie inside the 90 % "
        f"interval (draws of blocks: {bottom} to {top}), {short:.1f} points from its promise; "
        f"{zurich['as_learned']['coverage_90']} before its offset, which comes from three folds that the "
        "network has not seen and that are not judged with it; "
        f"{zurich['across_rounds']['coverage_90']} where it comes from the answers of all other rounds."
    )


def _row(name: str, one: dict[str, Any]) -> str:
    own, other = one["network"], one["forest"]
    cells = (
        name, own["cells"], own["r2"], other["r2"], own["rmse_m"], other["rmse_m"], own["bias_m"],
        one["coverage_90"], one["width_m"],
    )  # fmt: skip
    return "| " + " | ".join(str(cell) for cell in cells) + " |"


def _validated(found: dict[str, Any]) -> str:
    return (
        f"Stored weights on the validation blocks of Zurich, made by `{found['command']}`: R2 "
        f"{found['r2']}, RMSE {found['rmse_m']} m, MAE {found['mae_m']} m, bias {found['bias_m']} m on "
        f"{found['cells']} cells; {found['coverage_90']} inside the interval, moved outwards by "
        f"{found['offset_m']} m, {found['width_m']} m wide in the mean. So few blocks tell little; the folds "
        "above tell more."
    )


def _learned(card: dict[str, Any]) -> str:
    record = card["training"]
    recipe, blocks = record["recipe"], record["blocks"]
    seen = ", ".join(f"{count} of {name}" for name, count in record["training_cells"].items())
    return (
        f"Scenes are cut into blocks of {recipe['block_m']} m, spread over {recipe['folds']} folds: "
        f"{blocks['training']} blocks to learn from, {blocks['calibration']} for the interval's offset, "
        f"{blocks['validation']} to judge. Training cells within {recipe['buffer_m']} m of other folds are "
        f"left out, which leaves {seen}. {recipe['steps']} steps of {recipe['batch']} crops of "
        f"{recipe['crop_m']} m, drawn more often at trees, turned, mirrored, lit and tinted by chance; "
        "squared error of the mean and pinball loss of both quantiles, AdamW, one cycle up to a rate of "
        f"{recipe['peak_rate']}; the weights are a running mean that keeps {recipe['average']} of itself at "
        f"a step (Polyak and Juditsky 1992). Weights are stored as {card['model']['stored']}"
    )


def _spent(record: dict[str, Any]) -> str:
    versions = ", ".join(f"{name} {version}" for name, version in record["versions"].items())
    return (
        f"`{record['command']}`: {record['wall_s']} s by the clock, {record['cpu_s']} s of processor time, "
        f"on {record['processors']} shared processors. {versions}."
    )
