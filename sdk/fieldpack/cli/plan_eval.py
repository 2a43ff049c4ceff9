"""``fieldpack plan-eval``: how many labelled examples a margin needs before anything is measured."""

from __future__ import annotations

import argparse
from pathlib import Path

from fieldpack.cli.terminal import Terminal, table

MARGINS = (0.005, 0.01, 0.02, 0.03, 0.05)
POINTS = {"pp": 0.01, "%": 0.01}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument(
        "--margin", required=True, metavar="M", help="accuracy that may be lost: 1pp, 1%% or 0.01"
    )
    parser.add_argument(
        "--flip-share",
        metavar="Q",
        help="share of examples right in one model and wrong in the other; default: 4%%",
    )
    parser.add_argument(
        "--bundle", type=Path, metavar="B", help="take the flip share that a bundle has shown"
    )
    parser.add_argument("--true-drop", default="0", metavar="D", help="drop that is really there; default: 0")
    parser.add_argument("--power", default="0.9", metavar="P", help="chance of a pass; default: 0.9")
    parser.add_argument("--confidence", default="0.95", metavar="C", help="of the bound; default: 0.95")


def run(options: argparse.Namespace, terminal: Terminal) -> int:
    """Print the number, what it assumes, and a table by margin."""
    from fieldpack.errors import InputError
    from fieldpack.statistics.sample_size import planned_n

    if options.bundle is not None and options.flip_share is not None:
        raise InputError("a flip share and a bundle were given", allowed="one of --flip-share and --bundle")
    share, origin = _flip_share(options)
    margin, drop = share_of(options.margin, "--margin"), share_of(options.true_drop, "--true-drop")
    power, confidence = share_of(options.power, "--power"), share_of(options.confidence, "--confidence")

    def needed(limit: float) -> int:
        return planned_n(share, limit, true_drop=drop, power=power, confidence=confidence)

    wanted = needed(margin)
    by_margin = {limit: needed(limit) for limit in sorted({*MARGINS, margin}) if limit > drop}
    document = {
        "margin": margin,
        "flip_share": share,
        "true_drop": drop,
        "power": power,
        "confidence": confidence,
        "n": wanted,
        "by_margin": [{"margin": limit, "n": count} for limit, count in by_margin.items()],
    }
    rows = [[f"{100 * limit:g} pp", f"{count:,}"] for limit, count in by_margin.items()]
    text = (
        f"{wanted:,} labelled examples show, with a chance of {power:.0%}, that at most "
        f"{100 * margin:g} points are lost\n({confidence:.0%} one-sided; {share:.2%} of the examples flip, "
        f"{origin}; true drop {100 * drop:g} points)\n\n{table(('margin', 'examples'), rows, right=(1,))}"
    )
    terminal.result(document, text)
    return 0


def share_of(text: str, option: str) -> float:
    """``1pp``, ``1%`` or ``0.01`` as 0.01.

    Raises
    ------
    InputError
        It is no such number, or outside 0 to 1.
    """
    from fieldpack.errors import InputError

    unit = next((word for word in POINTS if text.endswith(word)), "")
    try:
        value = float(text.removesuffix(unit)) * POINTS.get(unit, 1.0)
    except ValueError:
        value = float("nan")
    if not 0 <= value <= 1:
        raise InputError(f"{option} is no share", came=text, allowed="such as 1pp, 1% or 0.01, from 0 to 1")
    return round(value, 12)


def _flip_share(options: argparse.Namespace) -> tuple[float, str]:
    if options.bundle is None:
        return share_of(options.flip_share or "4%", "--flip-share"), "assumed"
    return _seen(options.bundle)


def _seen(path: Path) -> tuple[float, str]:
    """The largest flip share of any flavour of a bundle."""
    import json

    from fieldpack.bundle.read import open_bundle
    from fieldpack.errors import InputError

    with open_bundle(path) as bundle:
        evidence = json.loads(bundle.read(bundle.manifest.evidence))
    shares = {
        name: (run["counts"]["losses"] + run["counts"]["gains"]) / run["counts"]["labelled"]
        for name, flavour in evidence["flavours"].items()
        for outputs in flavour["runs"].values()
        for run in outputs.values()
        if run["counts"].get("labelled")
    }
    if not shares:
        raise InputError("the bundle was measured without labels", came=path, hint="give --flip-share")
    name = max(shares, key=lambda key: shares[key])
    return shares[name], f"as flavour {name} has shown"
