"""``prune_channels`` of a PyTorch module, by torch-pruning's dependency graph.

Fang et al. 2023, "DepGraph: towards any structural pruning": channels that are tied by additions, norms and
depthwise convolutions are pruned as one group, by the norm of all their weights.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import numpy as np

from fieldpack.errors import MissingDependencyError, SpecError
from fieldpack.passes import PruneChannels
from fieldpack_converters.passes.applied import Applied
from fieldpack_converters.passes.in_torch.contribution import contributions_and_costs
from fieldpack_converters.passes.in_torch.objective import objective_of
from fieldpack_converters.passes.in_torch.training import outputs_of, train
from fieldpack_converters.passes.reopened import reopened
from fieldpack_converters.passes.subject import Subject
from fieldpack_converters.passes.useful_channels import PruningRound, least_useful


def apply(subject: Subject, step: PruneChannels) -> Applied:
    """Take channels out of the matching layers; layers that make an output keep theirs.

    Returns
    -------
    Applied
        ``facts``: parameters after each round, losses of the training between.

    Raises
    ------
    SpecError
        No layer matches, or fine-tuning lacks labels.
    MissingDependencyError
        torch-pruning is not installed.
    """
    module = subject.opened.model
    before = _shapes(module)
    prune = _by_norm(subject, step) if step.by == "norm" else _by_contribution(subject, step)
    rounds: list[dict[str, Any]] = []
    for number in range(step.steps):
        prune(number)
        fact: dict[str, Any] = {"parameters": sum(p.numel() for p in module.parameters())}
        if step.training is not None:
            fact |= train(subject, ".*", step.training, objective_of(subject, step.teaching, "fine-tuning"))
        rounds.append(fact)
    module.eval()
    after = _shapes(module)
    changed = tuple(name for name in after if after[name] != before[name])
    return Applied(reopened(subject.opened, module), changed, {"rounds": rounds})


def _shapes(module: Any) -> dict[str, tuple[int, ...]]:
    return {
        name: tuple(layer.weight.shape)
        for name, layer in module.named_modules()
        if getattr(layer, "weight", None) is not None
    }


def _by_norm(subject: Subject, step: PruneChannels) -> Callable[[int], None]:
    """Number of a round -> every layer loses its share."""
    library, sample, ignored = _torch_pruning(), _sample(subject), _ignored(subject, step)
    pruner = library.pruner.BasePruner(
        subject.opened.model,
        sample,
        importance=library.importance.GroupMagnitudeImportance(p=2),
        pruning_ratio=step.share,
        iterative_steps=step.steps,
        round_to=step.round_to,
        ignored_layers=ignored,
    )
    return lambda number: pruner.step()


def _by_contribution(subject: Subject, step: PruneChannels) -> Callable[[int], None]:
    """Number of a round -> the least useful channels of all layers go, until its parameters are gone."""
    library, sample, ignored = _torch_pruning(), _sample(subject), _ignored(subject, step)
    module = subject.opened.model
    whole = sum(p.numel() for p in module.parameters())

    def prune(number: int) -> None:
        graph = library.DependencyGraph().build_dependency(module, sample)
        groups = list(graph.get_all_groups(ignored_layers=ignored))
        useful, cost = contributions_and_costs(module, groups, subject.calibration_data())
        now, left = PruningRound(step, number, whole), sum(p.numel() for p in module.parameters())
        kept = least_useful(useful, cost, now.parameters(left), now.most(left), step.round_to)
        for place, stays in kept.items():
            gone = sorted(set(range(len(useful[place]))) - set(stays.tolist()))
            if gone:
                groups[place].prune(gone)

    return prune


def _torch_pruning() -> Any:
    try:
        import torch_pruning
    except ImportError as error:
        raise MissingDependencyError(
            "Pruning channels of a PyTorch module needs torch-pruning",
            hint='pip install "fieldpack[compress]"',
        ) from error
    return torch_pruning


def _sample(subject: Subject) -> Any:
    """One input as the module takes it; every parameter gets a gradient, by which the graph is found."""
    import torch

    for parameter in subject.opened.model.parameters():
        parameter.requires_grad_(True)
    sample = tuple(torch.from_numpy(np.zeros(fact.fixed(), fact.dtype)) for fact in subject.opened.inputs)
    return sample if len(sample) > 1 else sample[0]


def _ignored(subject: Subject, step: PruneChannels) -> list[Any]:
    """Layers whose channels stay: those that are not named, and those that make an output."""
    import torch

    module = subject.opened.model
    kinds = (torch.nn.Linear, torch.nn.modules.conv._ConvNd)
    layers = {name: layer for name, layer in module.named_modules() if isinstance(layer, kinds)}
    matched = [name for name in layers if re.search(step.layers, name)]
    if not matched:
        raise SpecError(
            "a pass of the recipe matches no layer", came=step.layers, allowed=", ".join(list(layers)[:12])
        )
    last = _output_layers(subject, layers)
    return [layer for name, layer in layers.items() if name not in matched or name in last]


def _output_layers(subject: Subject, layers: dict[str, Any]) -> set[str]:
    """Layers from which an output is reached through no other layer with weights, by the gradient graph."""
    sample = [np.zeros(fact.fixed(2), fact.dtype) for fact in subject.opened.inputs]
    owners = {id(layer.weight): name for name, layer in layers.items()}
    for layer in layers.values():
        layer.weight.requires_grad_(True)
    outputs = outputs_of(subject.opened.model, sample)
    found: set[str] = set()
    waiting: list[Any] = [output.grad_fn for output in outputs]
    seen: set[Any] = set()
    while waiting:
        node = waiting.pop()
        if node is None or node in seen:
            continue
        seen.add(node)
        own = {name for name in (_owner(child, owners) for child, _ in node.next_functions) if name}
        if own:
            found |= own
            continue
        waiting += [child for child, _ in node.next_functions]
    return found


def _owner(node: Any, owners: dict[int, str]) -> str | None:
    """The layer whose weight a node accumulates, also behind a transposition."""
    while node is not None and node.name() in ("TBackward0", "PermuteBackward0", "TransposeBackward0"):
        node = node.next_functions[0][0]
    variable = getattr(node, "variable", None)
    return None if variable is None else owners.get(id(variable))
