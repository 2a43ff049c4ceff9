"""Every pass that trains, on a network with each kind of tie between channels."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from fieldpack.errors import SpecError
from fieldpack.passes import Distil, FineTune, PruneChannels, PruneWeights, Teaching, Training
from fieldpack_converters.opened_source import OpenedSource
from fieldpack_converters.passes import distil, fine_tune, prune_weights
from fieldpack_converters.passes.in_torch import prune_channels
from fieldpack_converters.passes.in_torch.prune_channels import _output_layers
from fieldpack_converters.passes.testing import CLASSES, accuracy, make_subject, task, torch_opened
from fieldpack_converters.passes.torch_structure import fit_structure

TRAINING = Training(epochs=6, batch=32, learning_rate=5e-3)


def network(width: int = 16, seed: int = 0) -> Any:
    """Plain, residual, depthwise, squeeze-excite and concatenated layers, ending in a softmax."""
    import torch
    from torch import nn

    class Network(nn.Module):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__()
            self.stem = nn.Conv2d(3, width, 3, padding=1, bias=False)
            self.norm = nn.BatchNorm2d(width)
            self.one = nn.Conv2d(width, width, 3, padding=1)
            self.depthwise = nn.Conv2d(width, width, 3, padding=1, groups=width)
            self.squeeze = nn.Conv2d(width, width, 1)
            self.side = nn.Conv2d(width, width, 1)
            self.head = nn.Linear(2 * width, CLASSES)

        def forward(self, x: Any) -> Any:
            x = torch.relu(self.norm(self.stem(x)))
            x = x + torch.relu(self.one(x))
            x = torch.relu(self.depthwise(x))
            x = x * torch.sigmoid(self.squeeze(x.mean(dim=(2, 3), keepdim=True)))
            x = torch.cat([x, torch.relu(self.side(x))], dim=1)
            return torch.softmax(self.head(x.mean(dim=(2, 3))), dim=1)

    torch.manual_seed(seed)
    return Network()


@pytest.fixture(scope="module")
def learned(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """The network after it learned the task."""
    opened = torch_opened(network())
    subject = make_subject(opened, opened, tmp_path_factory.mktemp("learn"))
    fine_tune.apply(subject, FineTune(method="fine_tune", layers=".*", training=TRAINING))
    return opened.model


def fresh(learned: Any) -> OpenedSource:
    return torch_opened(copy.deepcopy(learned))


def test_fine_tuning_learns_the_task(learned: Any) -> None:
    assert accuracy(torch_opened(network())) < 0.6
    assert accuracy(fresh(learned)) > 0.9
    assert not learned.training


def test_the_same_seed_trains_the_same_weights(tmp_path: Path) -> None:
    found = []
    for seed in (0, 0, 1):
        opened = torch_opened(network())
        subject = make_subject(opened, opened, tmp_path, seed=seed)
        short = TRAINING.model_copy(update={"epochs": 1, "flip": True, "shift": 0.1, "mixup": 0.2})
        fine_tune.apply(subject, FineTune(method="fine_tune", layers=".*", training=short))
        found.append(opened.model.head.weight.detach().numpy().tobytes())
    assert found[0] == found[1]
    assert found[0] != found[2]


def test_layers_that_are_not_named_stay(learned: Any, tmp_path: Path) -> None:
    opened = fresh(learned)
    before = {name: value.clone() for name, value in opened.model.state_dict().items()}
    subject = make_subject(opened, opened, tmp_path)
    short = TRAINING.model_copy(update={"epochs": 1})
    applied = fine_tune.apply(subject, FineTune(method="fine_tune", layers="head", training=short))
    assert applied.matched == ("head",)
    changed = {name for name, value in opened.model.state_dict().items() if not value.equal(before[name])}
    assert changed == {"head.weight", "head.bias"}
    assert all(p.requires_grad for p in opened.model.parameters())


@pytest.mark.parametrize("steps", [1, 2])
def test_channels_are_taken_out_and_the_task_stays(learned: Any, steps: int, tmp_path: Path) -> None:
    opened = fresh(learned)
    step = PruneChannels(
        method="prune_channels", layers=".*", share=0.5, round_to=4, steps=steps, training=TRAINING
    )
    applied = prune_channels.apply(make_subject(opened, opened, tmp_path), step)
    module = applied.opened.model
    assert module.stem.out_channels == module.depthwise.groups == 8
    assert module.head.out_features == CLASSES
    assert module.head.in_features == 8 + module.side.out_channels
    assert applied.opened.parameters < 0.4 * opened.parameters
    assert "stem" in applied.matched
    assert accuracy(applied.opened) > 0.9


def test_channels_that_bring_nothing_go_first(learned: Any, tmp_path: Path) -> None:
    one = fresh(learned)
    silent = [0, 3, 5, 6, 9, 10, 12, 15]
    for layer in (one.model.side, one.model.stem, one.model.norm, one.model.one, one.model.depthwise):
        for values in layer.parameters():
            values.data[silent] = 0
    inputs, _ = task("NCHW", seed=2)
    before, parameters = one.call([inputs[:8]])[0], one.parameters
    step = PruneChannels(method="prune_channels", by="contribution", layers=".*", share=0.6, round_to=4)
    after = prune_channels.apply(make_subject(one, one, tmp_path), step).opened
    assert np.abs(after.call([inputs[:8]])[0] - before).max() < 1e-5
    assert after.parameters < 0.7 * parameters


def test_rounds_by_contribution_reach_the_share_and_keep_the_task(learned: Any, tmp_path: Path) -> None:
    one = fresh(learned)
    words = {"method": "prune_channels", "by": "contribution", "layers": ".*", "share": 0.5, "round_to": 2}
    step = PruneChannels.model_validate({**words, "steps": 2, "training": TRAINING})
    after = prune_channels.apply(make_subject(one, one, tmp_path), step).opened
    # A layer whose inputs and outputs are tied shrinks by less than the sum of both.
    assert 0.45 < after.parameters / one.parameters < 0.65
    assert accuracy(after) > 0.9


def test_inner_outputs_teach(learned: Any, tmp_path: Path) -> None:
    def distance(weight: float | None) -> float:
        teacher, student = fresh(learned), torch_opened(network(seed=5))
        features = None if weight is None else {"layers": "^depthwise$", "weight": weight}
        words = {
            "method": "distil",
            "layers": ".*",
            "teacher": "source",
            "temperature": 1.0,
            "label_weight": 0.0,
        }
        step = Distil.model_validate({**words, "training": TRAINING, "features": features})
        subject = make_subject(student, teacher, tmp_path)
        subject.teachers["source"] = lambda arrays: teacher.call(arrays)[0]
        distil.apply(subject, step)
        return _inner_distance(student, teacher)

    assert distance(3.0) < 0.5 * distance(None)


def _inner_distance(student: OpenedSource, teacher: OpenedSource) -> float:
    inputs, _ = task("NCHW", seed=1)
    found: list[Any] = []
    for opened in (student, teacher):
        assert not opened.model.depthwise._forward_hooks
        hook = opened.model.depthwise.register_forward_hook(lambda layer, given, made: found.append(made))
        opened.call([inputs[:64]])
        hook.remove()
    return float(((found[0] - found[1]) ** 2).mean() / found[1].var())


@pytest.mark.parametrize(
    ("layers", "width", "words"), [("tail", 16, "match no module"), ("one", 8, "another shape")]
)
def test_features_that_do_not_fit_are_refused(
    layers: str, width: int, words: str, learned: Any, tmp_path: Path
) -> None:
    student = torch_opened(network(width))
    teaching = {"teacher": "source", "temperature": 1.0, "label_weight": 0.0}
    features = {"layers": layers, "weight": 1.0}
    step = Distil.model_validate({
        "method": "distil", "layers": ".*", "training": TRAINING, **teaching, "features": features
    })  # fmt: skip
    teacher = fresh(learned)
    subject = make_subject(student, teacher, tmp_path)
    subject.teachers["source"] = lambda arrays: teacher.call(arrays)[0]
    with pytest.raises(SpecError, match=words):
        distil.apply(subject, step)


def test_only_named_layers_lose_channels(learned: Any, tmp_path: Path) -> None:
    opened = fresh(learned)
    step = PruneChannels(method="prune_channels", layers="side", share=0.5)
    module = prune_channels.apply(make_subject(opened, opened, tmp_path), step).opened.model
    assert module.side.out_channels == 8
    assert module.stem.out_channels == 16


def test_a_pruned_state_fits_a_fresh_network(learned: Any, tmp_path: Path) -> None:
    opened = fresh(learned)
    step = PruneChannels(method="prune_channels", layers=".*", share=0.5, round_to=4)
    pruned = prune_channels.apply(make_subject(opened, opened, tmp_path), step).opened
    other = network()
    fit_structure(other, pruned.model.state_dict())
    other.load_state_dict(pruned.model.state_dict())
    inputs, _ = task("NCHW")
    np.testing.assert_array_equal(torch_opened(other).call([inputs[:5]])[0], pruned.call([inputs[:5]])[0])


def test_layers_that_make_the_output_are_found(learned: Any, tmp_path: Path) -> None:
    from torch import nn

    opened = fresh(learned)
    kinds = (nn.Linear, nn.Conv2d)
    layers = {name: layer for name, layer in opened.model.named_modules() if isinstance(layer, kinds)}
    assert _output_layers(make_subject(opened, opened, tmp_path), layers) == {"head"}


@pytest.mark.parametrize(("pattern", "share"), [("unstructured", 0.75), ("2:4", None)])
def test_zeros_stay_through_training(learned: Any, pattern: Any, share: Any, tmp_path: Path) -> None:
    opened = fresh(learned)
    step = PruneWeights(
        method="prune_weights",
        layers="one|side|squeeze|head",
        pattern=pattern,
        share=share,
        training=TRAINING,
    )
    applied = prune_weights.apply(make_subject(opened, opened, tmp_path), step)
    assert set(applied.matched) == {"one", "side", "squeeze", "head"}
    weights = [getattr(opened.model, name).weight.detach().numpy() for name in applied.matched]
    zeros = sum((array == 0).sum() for array in weights) / sum(array.size for array in weights)
    assert zeros == pytest.approx(share or 0.5, abs=1e-3)
    if pattern == "2:4":
        for array in weights:
            fours = np.moveaxis(array, 1, -1).reshape(-1, 4)
            assert ((fours != 0).sum(axis=1) <= 2).all()
    assert accuracy(opened) > 0.85
    assert applied.facts["deflated_bytes"] < 0.75 * applied.facts["deflated_bytes_before"]


def test_pruning_can_train_with_a_teacher(learned: Any, tmp_path: Path) -> None:
    lesson = Teaching(teacher="source", temperature=1.0, label_weight=0.0)
    steps: list[tuple[Any, Any]] = [
        (
            prune_weights,
            PruneWeights(
                method="prune_weights", layers=".*", pattern="unstructured", share=0.5, rise=2.0,
                training=TRAINING, teaching=lesson,
            ),
        ),
        (
            prune_channels,
            PruneChannels(
                method="prune_channels", layers=".*", share=0.25, round_to=4,
                training=TRAINING, teaching=lesson,
            ),
        ),
    ]  # fmt: skip
    for module, step in steps:
        opened, turned = fresh(learned), fresh(learned)
        teachers = {"source": lambda a, turned=turned: np.roll(turned.call(a)[0], 1, axis=1)}
        applied = module.apply(make_subject(opened, opened, tmp_path, teachers=teachers), step)
        assert accuracy(applied.opened) < 0.2  # the teacher's classes are turned by one


def test_a_student_learns_from_its_teacher_without_labels(learned: Any, tmp_path: Path) -> None:
    teacher, opened = fresh(learned), torch_opened(network(8))
    subject = make_subject(opened, opened, tmp_path)
    assert subject.training is not None
    unlabelled = type(subject.training)(subject.training.inputs, None)
    subject = make_subject(
        opened, opened, tmp_path, training=unlabelled, teachers={"source": lambda a: teacher.call(a)[0]}
    )
    step = Distil(
        method="distil", layers=".*", teacher="source", temperature=2.0, label_weight=0.0,
        training=TRAINING.model_copy(update={"epochs": 10}),
    )  # fmt: skip
    applied = distil.apply(subject, step)
    inputs, _ = task("NCHW", seed=1)
    agree = teacher.call([inputs])[0].argmax(axis=1) == opened.call([inputs])[0].argmax(axis=1)
    assert agree.mean() > 0.85
    assert applied.facts["loss"][-1] < 0.5 * applied.facts["loss"][0]


def test_the_teacher_and_not_the_label_is_learned(learned: Any, tmp_path: Path) -> None:
    opened = fresh(learned)
    turned = fresh(learned)
    subject = make_subject(
        opened, opened, tmp_path, teachers={"source": lambda a: np.roll(turned.call(a)[0], 1, axis=1)}
    )
    step = Distil(
        method="distil", layers=".*", teacher="source", temperature=1.0, label_weight=0.0, training=TRAINING
    )
    distil.apply(subject, step)
    assert accuracy(opened) < 0.2


def test_a_teacher_with_other_classes_is_refused(learned: Any, tmp_path: Path) -> None:
    opened = fresh(learned)
    subject = make_subject(opened, opened, tmp_path, teachers={"source": lambda a: np.ones((len(a[0]), 7))})
    step = Distil(
        method="distil", layers=".*", teacher="source", temperature=1.0, label_weight=0.1, training=TRAINING
    )
    with pytest.raises(SpecError, match="other classes"):
        distil.apply(subject, step)


def test_training_without_labels_is_refused(learned: Any, tmp_path: Path) -> None:
    opened = fresh(learned)
    subject = make_subject(opened, opened, tmp_path)
    assert subject.training is not None
    unlabelled = type(subject.training)(subject.training.inputs, None)
    with pytest.raises(SpecError, match="labelled"):
        fine_tune.apply(
            make_subject(opened, opened, tmp_path, training=unlabelled),
            FineTune(method="fine_tune", layers=".*", training=TRAINING),
        )


def test_a_pattern_that_matches_nothing_is_refused(learned: Any, tmp_path: Path) -> None:
    opened = fresh(learned)
    subject = make_subject(opened, opened, tmp_path)
    steps: list[tuple[Any, Any]] = [
        (fine_tune, FineTune(method="fine_tune", layers="tail", training=TRAINING)),
        (prune_channels, PruneChannels(method="prune_channels", layers="tail", share=0.5)),
        (
            prune_weights,
            PruneWeights(method="prune_weights", layers="tail", pattern="unstructured", share=0.5),
        ),
    ]
    for module, step in steps:
        with pytest.raises(SpecError, match="layer") as caught:
            module.apply(subject, step)
        assert "tail" in str(caught.value)
