"""Which files a budget wants timed, and where the evidence keeps what came of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from fieldpack.budget import COSTS, Budget
from fieldpack.build.conversion import Made
from fieldpack.bundle.manifest import FlavourKind
from fieldpack.cost.host import Candidate, measure_on_host
from fieldpack.relative import REFERENCES
from fieldpack.share import HOST, SHIPPED, Limit, Share

Progress = Callable[[str, str, float], None]
ShippedFile = Callable[[str], Candidate]
"""From the name of a flavour to the shipped file that it follows."""


def add_costs(
    budget: Budget,
    made: Sequence[Made],
    prepared: dict[str, str],
    evidence: dict[str, Any],
    shipped_file: ShippedFile,
    progress: Progress,
) -> None:
    """Time the TFLite flavours whose limits ask for it, and what those limits are shares of.

    Parameters
    ----------
    budget : Budget
        The limits.
    made : sequence of Made
        All flavours.
    prepared : dict
        Input name -> ``.npy`` of prepared examples.
    evidence : dict
        Gets ``costs`` beside the runs of a flavour, and beside the sizes of a shipped one.
    shipped_file : callable
        Where the shipped files are; not called where no limit is a share of them.
    progress : callable
        Called with (road, stage, fraction).
    """
    files = {item.name: item for item in made if item.kind is FlavourKind.TFLITE}
    names, followers = timed_flavours(budget, list(files))
    if not names:
        return
    own = [Candidate(name, files[name].path, files[name].inputs, prepared) for name in names]
    others = [shipped_file(name) for name in followers]
    once = {item.name: item for item in (*own, *others)}  # two flavours may follow one shipped file
    records = measure_on_host(list(once.values()), progress)
    for item in own:
        evidence["flavours"][item.name]["costs"] = {HOST: records[item.name]}
    for name, other in zip(followers, others, strict=True):
        evidence[REFERENCES][SHIPPED]["flavours"][name]["costs"] = {HOST: records[other.name]}


def timed_flavours(budget: Budget, names: Sequence[str]) -> tuple[list[str], list[str]]:
    """Of these TFLite flavours, those that are timed, and those whose shipped ones are timed too."""
    wanted = {name: _host_costs(budget.limits_of(name)) for name in names}
    shares = {name: [item for item in limits if isinstance(item, Share)] for name, limits in wanted.items()}
    siblings = {share.of for found in shares.values() for share in found}
    own = [name for name in names if wanted[name] or name in siblings]
    return own, [name for name in names if any(share.of == SHIPPED for share in shares[name])]


def kept_costs(evidence: dict[str, Any], before: Mapping[str, Any]) -> bool:
    """Take over costs that were measured once, where a build is repeated; False where there are none.

    A time is an observation: measured again it is another one, and the bundle would have other bytes.
    """
    found = False
    for part, then in _flavours(evidence, before):
        if "costs" in then:
            part["costs"] = then["costs"]
            found = True
    return found


def _flavours(evidence: dict[str, Any], before: Mapping[str, Any]) -> list[tuple[dict[str, Any], Any]]:
    """Each flavour and shipped flavour of the evidence, with what stood there before."""
    pairs = [(evidence["flavours"], before.get("flavours") or {})]
    shipped = (evidence.get(REFERENCES) or {}).get(SHIPPED)
    if shipped is not None:
        then = ((before.get(REFERENCES) or {}).get(SHIPPED) or {}).get("flavours") or {}
        pairs.append((shipped["flavours"], then))
    return [(now[name], then.get(name) or {}) for now, then in pairs for name in now]


def _host_costs(limits: Mapping[str, Limit]) -> list[Limit]:
    return [limit for name, limit in limits.items() if name in {f"{cost}.{HOST}" for cost in COSTS}]
