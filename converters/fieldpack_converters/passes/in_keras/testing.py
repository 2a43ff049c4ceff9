"""What the passes do to a small Keras model of either library; a worker target, one process a library."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from fieldpack.errors import SpecError
from fieldpack.passes import (
    Distil,
    FineTune,
    PruneChannels,
    PruneWeights,
    QuantisationAware,
    Round,
    Training,
)
from fieldpack.spec import SourceKind
from fieldpack_converters.keras_source import call_model, keras_library
from fieldpack_converters.opened_source import Array, OpenedSource, TensorFact
from fieldpack_converters.passes import distil, fine_tune, prune_weights, quantisation_aware
from fieldpack_converters.passes import round as rounding
from fieldpack_converters.passes.in_keras import prune_channels
from fieldpack_converters.passes.in_keras.fake_quantisation import WatchedRange
from fieldpack_converters.passes.in_keras.quantised_forward import QuantisedForward
from fieldpack_converters.passes.in_keras.quantised_layers import QuantisedLayer
from fieldpack_converters.passes.subject import Examples, Subject
from fieldpack_converters.passes.testing import CLASSES, SIZE, accuracy, make_subject, task
from fieldpack_converters.passes.weighted_layers import weighted_layers
from fieldpack_converters.quantize_tflite import quantize
from fieldpack_converters.tflite_graph import TFLiteGraph
from fieldpack_converters.tflite_interpreter import run_tflite
from fieldpack_converters.to_tflite import export
from fieldpack_converters.trained_ranges import found_ranges

TRAINING = Training(epochs=6, batch=32, learning_rate=5e-3)
LESSON = {"teacher": "source", "temperature": 1.0, "label_weight": 0.0}
SHORT = TRAINING.model_copy(update={"epochs": 1, "flip": True, "shift": 0.1, "mixup": 0.2})
DEAD = (1, 3, 4, 6, 8, 9, 13, 15)
DEAD_HIDDEN = (0, 2, 5, 7, 10, 12, 14, 15, 16, 18, 20, 23)
CONVOLUTIONS = ("stem", "one", "squeeze", "side")


def facts(kind: str, folder: str) -> dict[str, Any]:
    """Figures of every pass on the task, for ``training_passes_test``."""
    return Trials(SourceKind(kind), Path(folder)).all()


class Trials:
    """One library, one learned network."""

    def __init__(self, kind: SourceKind, folder: Path) -> None:
        self.kind, self.folder = kind, folder
        self.keras = keras_library(kind)
        self.facts: dict[str, Any] = {}
        self.learned: Any = None

    def all(self) -> dict[str, Any]:
        """Every figure."""
        for part in (
            self._learn,
            self._seeds,
            self._named,
            self._silent,
            self._prune,
            self._zeros,
            self._rise,
            self._teach,
            self._features,
            self._refuse,
            self._aware,
            self._aware_of_outliers,
            self._parts_of_rounding,
        ):
            part()
        return self.facts

    def network(self, width: int = 16, seed: int = 0) -> Any:
        """Plain, residual, depthwise, squeeze-excite, concatenated and flattened layers."""
        self.keras.utils.set_random_seed(seed)
        layers = self.keras.layers
        x = inputs = self.keras.Input((SIZE, SIZE, 3))
        x = layers.Conv2D(width, 3, padding="same", use_bias=False, name="stem")(x)
        x = layers.ReLU()(layers.BatchNormalization(name="norm")(x))
        y = layers.Conv2D(width, 3, padding="same", activation="relu", name="one")(x)
        x = layers.Add()([x, y])
        x = layers.DepthwiseConv2D(3, padding="same", activation="relu", name="depthwise")(x)
        gate = layers.Reshape((1, 1, width))(layers.GlobalAveragePooling2D()(x))
        gate = layers.Conv2D(width, 1, activation="sigmoid", name="squeeze")(gate)
        x = layers.Multiply()([x, gate])
        x = layers.Concatenate()([x, layers.Conv2D(width, 1, activation="relu", name="side")(x)])
        x = layers.Flatten()(layers.AveragePooling2D(6)(x))
        x = layers.Dense(24, activation="relu", name="hidden")(x)
        return self.keras.Model(inputs, layers.Dense(CLASSES, activation="softmax", name="head")(x))

    def opened(self, model: Any) -> OpenedSource:
        """A model as if a spec had named it."""
        return OpenedSource(
            kind=self.kind,
            framework="keras",
            inputs=(TensorFact("x", (None, SIZE, SIZE, 3), "float32"),),
            outputs=(TensorFact("y", (None, CLASSES), "float32"),),
            parameters=int(model.count_params()),
            digest="",
            model=model,
            call=lambda arrays: call_model(model, arrays),
        )

    def copied(self) -> OpenedSource:
        """The learned network, to be changed."""
        other = self.keras.models.clone_model(self.learned)
        other.set_weights(self.learned.get_weights())
        return self.opened(other)

    def silent(self) -> OpenedSource:
        """The learned network with channels that are zero everywhere."""
        one = self.copied()
        for name in (*CONVOLUTIONS, "norm", "depthwise"):
            _silence(one.model.get_layer(name), DEAD)
        _silence(one.model.get_layer("hidden"), DEAD_HIDDEN)
        return one

    def subject(self, one: OpenedSource, **changes: Any) -> Subject:
        """The task for a model."""
        return make_subject(one, one, self.folder, **changes)

    def _learn(self) -> None:
        first = self.opened(self.network())
        self.facts["before"] = accuracy(first)
        step = FineTune(method="fine_tune", layers=".*", training=TRAINING)
        applied = fine_tune.apply(self.subject(first), step)
        self.facts |= {"learned": accuracy(first), "losses": applied.facts["loss"]}
        self.learned = first.model

    def _seeds(self) -> None:
        found = []
        for seed in (0, 0, 1):
            one = self.copied()
            step = FineTune(method="fine_tune", layers=".*", training=SHORT)
            fine_tune.apply(self.subject(one, seed=seed), step)
            found.append(one.model.get_weights()[0].tobytes())
        self.facts |= {"same_seed": found[0] == found[1], "other_seed": found[0] == found[2]}

    def _named(self) -> None:
        one = self.copied()
        step = FineTune(method="fine_tune", layers="^head$", training=SHORT)
        fine_tune.apply(self.subject(one), step)
        pairs = zip(one.model.layers, self.learned.layers, strict=True)
        self.facts["changed"] = sorted(new.name for new, old in pairs if _differ(new, old))
        self.facts["trainable_again"] = all(layer.trainable for layer in one.model.layers)

    def _silent(self) -> None:
        """Channels that are zero everywhere are taken out; no answer may change."""
        one = self.silent()
        inputs, _ = task("NHWC", seed=2)
        before = one.call([inputs[:8]])[0]
        useful = PruneChannels(method="prune_channels", by="contribution", layers=".*", share=0.6, round_to=4)
        ranked = prune_channels.apply(self.subject(one), useful).opened
        self.facts["ranked"] = {
            "exact": float(np.abs(ranked.call([inputs[:8]])[0] - before).max()),
            "shrunk": ranked.parameters / self.learned.count_params(),
        }
        step = PruneChannels(method="prune_channels", layers=".*", share=0.5, round_to=4)
        applied = prune_channels.apply(self.subject(self.silent()), step)
        after = applied.opened.model
        self.facts |= {
            "exact": float(np.abs(applied.opened.call([inputs[:8]])[0] - before).max()),
            "matched": sorted(applied.matched),
            "filters": {name: int(after.get_layer(name).filters) for name in CONVOLUTIONS},
            "shrunk": applied.opened.parameters / self.learned.count_params(),
            "outputs": int(after.output_shape[-1]),
        }

    def _prune(self) -> None:
        inputs, _ = task("NHWC", seed=1)
        for steps in (1, 2):
            step = PruneChannels(
                method="prune_channels", layers=".*", share=0.5, round_to=4, steps=steps, training=TRAINING
            )
            opened = prune_channels.apply(self.subject(self.copied()), step).opened
            path = self.folder / ("m.h5" if self.kind is SourceKind.KERAS_LEGACY else "m.keras")
            opened.model.save(str(path))
            again = self.keras.models.load_model(str(path), compile=False)
            difference = call_model(again, [inputs[:8]])[0] - opened.call([inputs[:8]])[0]
            self.facts[f"pruned_{steps}"] = [
                accuracy(opened),
                opened.parameters / self.learned.count_params(),
            ]
            self.facts[f"saved_{steps}"] = float(np.abs(difference).max())
        side = PruneChannels(method="prune_channels", layers="side", share=0.5)
        model = prune_channels.apply(self.subject(self.copied()), side).opened.model
        self.facts["only_side"] = [model.get_layer("side").filters, model.get_layer("stem").filters]

    def _zeros(self) -> None:
        for pattern, share in (("unstructured", 0.75), ("2:4", None)):
            one = self.copied()
            words = {"method": "prune_weights", "layers": "one|side|squeeze|hidden", "pattern": pattern}
            step = PruneWeights.model_validate({**words, "share": share, "training": TRAINING})
            subject = self.subject(one)
            applied = prune_weights.apply(subject, step)
            kernels = [one.model.get_layer(name).get_weights()[0] for name in applied.matched]
            zeros = sum((kernel == 0).sum() for kernel in kernels) / sum(kernel.size for kernel in kernels)
            fours = [
                (np.moveaxis(kernel, -2, -1).reshape(-1, 4) != 0).sum(axis=1).max() for kernel in kernels
            ]
            self.facts[pattern] = {
                "zeros": float(zeros),
                "most_of_four": int(max(fours)),
                "accuracy": accuracy(one),
                "bytes": applied.facts["deflated_bytes"] / applied.facts["deflated_bytes_before"],
            }
        self.facts["later"] = self._later(one, applied.matched, subject.masks)

    def _later(self, one: OpenedSource, names: tuple[str, ...], masks: dict[str, Array]) -> dict[str, Any]:
        """Placed zeros that other passes lost, and whether the weights beside them changed."""
        other = self.keras.models.clone_model(one.model)
        other.set_weights(one.model.get_weights())
        opened = self.opened(other)
        subject = self.subject(opened, masks=masks, teachers={"source": lambda arrays: one.call(arrays)[0]})
        lesson = self._lesson().model_copy(update={"training": SHORT})
        found: dict[str, Any] = {}
        for module, step in (
            (fine_tune, FineTune(method="fine_tune", layers=".*", training=SHORT)),
            (distil, lesson),
            (rounding, Round(method="round", layers=".*", bits=8, iterations=20)),
            (quantisation_aware, _aware(1, 1e-3)),
        ):
            before = {layer.name: layer.weights() for layer in weighted_layers(opened)}
            module.apply(subject, step)
            after = {layer.name: layer.weights() for layer in weighted_layers(opened)}
            lost = sum(int((after[name][~masks[name]] != 0).sum()) for name in names)
            found[step.method] = [lost, all((after[name] != before[name]).any() for name in names)]
        return found

    def _rise(self) -> None:
        """Zeros that rise while a teacher with turned classes trains."""
        one, turned = self.copied(), self.copied()
        words = {"method": "prune_weights", "layers": ".*", "pattern": "unstructured", "share": 0.5}
        step = PruneWeights.model_validate({**words, "rise": 2.0, "training": TRAINING, "teaching": LESSON})
        teachers = {"source": lambda arrays: np.roll(turned.call(arrays)[0], 1, axis=1)}
        prune_weights.apply(self.subject(one, teachers=teachers), step)
        kernels = [layer.weights() for layer in weighted_layers(one)]
        zeros = sum(int((kernel == 0).sum()) for kernel in kernels)
        smaller = PruneChannels.model_validate({
            **_channels(".*").model_dump(), "round_to": 4, "training": TRAINING, "teaching": LESSON
        })  # fmt: skip
        thin = prune_channels.apply(self.subject(self.copied(), teachers=teachers), smaller).opened
        self.facts["rise"] = {
            "zeros": zeros / sum(kernel.size for kernel in kernels),
            "accuracies": [accuracy(one), accuracy(thin)],
        }

    def _teach(self) -> None:
        teacher, student = self.copied(), self.opened(self.network(8, seed=1))
        inputs, _ = task("NHWC")
        subject = self.subject(
            student,
            teachers={"source": lambda arrays: teacher.call(arrays)[0]},
            training=Examples([inputs], None),
        )
        distil.apply(subject, self._lesson())
        unseen, _ = task("NHWC", seed=1)
        agree = teacher.call([unseen])[0].argmax(axis=1) == student.call([unseen])[0].argmax(axis=1)
        self.facts["agrees"] = float(agree.mean())

    def _lesson(self, features: dict[str, Any] | None = None) -> Distil:
        longer = TRAINING.model_copy(update={"epochs": 12})
        words = {**LESSON, "temperature": 2.0, "method": "distil", "layers": ".*", "training": longer}
        return Distil.model_validate({**words, "features": features})

    def _features(self) -> None:
        """How near an inner output comes to the teacher's, with and without being taught it."""
        found = []
        for features in (None, {"layers": "^depthwise$", "weight": 3.0}):
            teacher, student = self.copied(), self.opened(self.network(seed=1))
            words = {**LESSON, "method": "distil", "layers": ".*", "features": features, "training": TRAINING}
            taught = {"source": lambda arrays, one=teacher: one.call(arrays)[0]}
            subject = make_subject(student, teacher, self.folder, teachers=taught)
            distil.apply(subject, Distil.model_validate(words))
            inner = [self._inner(one.model, "depthwise") for one in (student, teacher)]
            found.append(float(((inner[0] - inner[1]) ** 2).mean() / inner[1].var()))
        self.facts["features"] = found

    def _inner(self, model: Any, name: str) -> Array:
        inputs, _ = task("NHWC", seed=1)
        part = self.keras.Model(model.inputs, model.get_layer(name).output)
        return np.asarray(part([inputs[:64]], training=False))

    def _refuse(self) -> None:
        def other(arrays: list[Array]) -> Array:
            return np.ones((len(arrays[0]), 7), np.float32)

        cases: dict[str, tuple[Callable[..., Any], Any]] = {
            "teacher": (distil.apply, self._lesson()),
            "nothing": (prune_channels.apply, _channels("tail")),
            "head": (prune_channels.apply, _channels("head")),
            "aware": (quantisation_aware.apply, _aware(1, 1e-3).model_copy(update={"layers": "norm"})),
            "features": (distil.apply, self._lesson({"layers": "tail", "weight": 1.0})),
            "tune": (fine_tune.apply, FineTune(method="fine_tune", layers="tail", training=SHORT)),
        }
        for name, (apply, step) in cases.items():
            try:
                apply(self.subject(self.copied(), teachers={"source": other}), step)
                self.facts[f"refused_{name}"] = ""
            except SpecError as error:
                self.facts[f"refused_{name}"] = str(error)

    def _aware(self) -> None:
        """The integers of the int8 file are those of the training, zeros stay, and the answers agree."""
        one = self.copied()
        mask = np.broadcast_to((np.arange(16) % 2 == 1)[:, None, None, None], (16, 16, 3, 3))
        applied = quantisation_aware.apply(self.subject(one, masks={"one": mask}), _aware(3, 2e-3))
        silent = one.model.get_layer("one")
        ranges = applied.facts["activation_ranges"]
        content, used, found = self._int8(one, applied.facts)
        graph = TFLiteGraph(content)
        inputs, _ = task("NHWC", seed=1)
        forward = QuantisedForward(one, ".*")
        forward.restore(ranges)
        wanted, came = np.asarray(forward([inputs[:64]])[0]), run_tflite(content, [inputs[:64]])[0]
        self.facts["aware"] = {
            "losses": applied.facts["loss"],
            "integers": applied.facts["integers"],
            "in_file": _integers(graph, applied.matched),
            "ranges_used": len(used),
            "ranges_found": len(found),
            "ranges_agree": all(list(found[name]) == ends for name, ends in used.items()),
            "difference": float(np.abs(wanted - came).mean()),
            "largest_difference": float(np.abs(wanted - came).max()),
            "float_difference": float(np.abs(one.call([inputs[:64]])[0] - came).mean()),
            "kept_zeros": bool((silent.get_weights()[0][..., ::2] == 0).all()),
            "accuracy": accuracy(one),
            "same_layers": [type(layer).__name__ for layer in one.model.layers]
            == [type(layer).__name__ for layer in self.learned.layers],
        }

    def _int8(self, one: OpenedSource, facts: dict[str, Any]) -> tuple[bytes, dict[str, list[float]], Any]:
        """The static int8 file with ranges of the training, by their names; and those by fingerprint."""
        paths = [str(self.folder / name) for name in ("float.tflite", "int8.tflite", "x.npy")]
        path = self.folder / ("aware.h5" if self.kind is SourceKind.KERAS_LEGACY else "aware.keras")
        one.model.save(str(path))
        export({"kind": self.kind.value, "path": str(path)}, paths[0])
        examples = task("NHWC")[0][:64]
        np.save(paths[2], examples)
        content, ranges, prints = (
            Path(paths[0]).read_bytes(),
            facts["activation_ranges"],
            facts["fingerprints"],
        )
        known = _by_tensor(TFLiteGraph(content), ranges)
        quantize(paths[0], paths[1], "static_int8", {"0": paths[2]}, input_ranges=known, keep_names=True)
        trained = [{"ends": ranges[name], "fingerprint": prints[name]} for name in ranges]
        return Path(paths[1]).read_bytes(), known, found_ranges(content, [examples], trained)

    def _aware_of_outliers(self) -> None:
        """One channel that stretches every range: rounding costs much, and training takes it back."""
        one = self.copied()
        _stretch(one.model, 0, 400.0)
        inputs, labels = task("NHWC", seed=1)
        before = self._rounded_accuracy(one, inputs, labels)
        exact = accuracy(one)
        quantisation_aware.apply(self.subject(one), _aware(6, 3e-4))
        self.facts["outliers"] = [exact, before, self._rounded_accuracy(one, inputs, labels)]

    def _parts_of_rounding(self) -> None:
        """A range over three batches, one of them after it was fixed; a norm of little variance, folded."""
        import tensorflow as tf

        fixed = tf.Variable(False, trainable=False)
        watched = WatchedRange(fixed)
        for values in ([-1.0, 1.0], [-3.0, 2.0]):
            watched(tf.constant(values))
        fixed.assign(True)
        clipped = np.asarray(watched(tf.constant([-9.0, 0.0, 9.0])))
        self.facts["range"] = [*watched.ends(), *clipped.tolist()]
        model = self.copied().model
        norm = model.get_layer("norm")
        norm.moving_variance.assign(np.full(16, norm.epsilon, np.float32))
        inputs = tf.constant(task("NHWC", seed=2)[0][:16])
        wanted = np.asarray(norm(model.get_layer("stem")(inputs), training=False))
        came = np.asarray(QuantisedLayer(model.get_layer("stem"), norm).linear(inputs))
        self.facts["folded"] = float(np.abs(came - wanted).max() / np.abs(wanted).max())

    def _rounded_accuracy(self, one: OpenedSource, inputs: Array, labels: Array) -> float:
        forward = QuantisedForward(one, ".*")
        forward([task("NHWC")[0]])
        forward.fix(True)
        return float((np.asarray(forward([inputs])[0]).argmax(axis=1) == labels).mean())


def _aware(epochs: int, rate: float) -> QuantisationAware:
    training = TRAINING.model_copy(update={"epochs": epochs, "learning_rate": rate})
    return QuantisationAware(method="quantisation_aware", layers=".*", training=training)


def _integers(graph: TFLiteGraph, names: tuple[str, ...]) -> dict[str, str]:
    """Digests of the int8 constants of a file, by the layer that their name holds."""
    found = {}
    for tensor in range(len(graph.main.tensors)):
        if graph.is_constant(tensor) and graph.dtype(tensor) == "int8":
            values = np.ascontiguousarray(graph.constant(tensor)).tobytes()
            layers = [name for name in names if _holds(graph.name(tensor), name)]
            found[" ".join(layers)] = hashlib.sha256(values).hexdigest()[:16]
    return found


def _holds(tensor: str, layer: str) -> bool:
    return re.search(rf"/{re.escape(layer)}(_\d+)?/", tensor) is not None


def _by_tensor(graph: TFLiteGraph, ranges: dict[str, list[float]]) -> dict[str, list[float]]:
    """Ranges by the first part of the names of what the file's operators make."""
    found = {graph.name(graph.inputs[0]): next(iter(ranges.values()))}
    for operation in graph.operations():
        name = graph.name(operation.outputs[0])
        for layer, ends in ranges.items():
            bare, _, before = layer.partition(":")
            apart = f"{bare}:sum" in ranges and "BiasAdd" in name
            if _holds(name.split(";")[0], bare) and bool(before) == apart:
                found[name] = ends
    return found


def _stretch(model: Any, channel: int, factor: float) -> None:
    """Make one channel of the residual sum larger; what reads it takes it back, the function stays."""
    for name, place in (("norm", 0), ("norm", 1), ("one", 0), ("one", 1)):
        layer = model.get_layer(name)
        values = layer.get_weights()
        values[place][..., channel] *= factor
        layer.set_weights(values)
    for name in ("one", "depthwise"):
        layer = model.get_layer(name)
        values = layer.get_weights()
        values[0][..., channel, :] /= factor
        layer.set_weights(values)


def _channels(layers: str) -> PruneChannels:
    return PruneChannels(method="prune_channels", layers=layers, share=0.5)


def _differ(new: Any, old: Any) -> bool:
    pairs = zip(new.get_weights(), old.get_weights(), strict=True)
    return any(bool((one != other).any()) for one, other in pairs)


def _silence(layer: Any, dead: tuple[int, ...]) -> None:
    """Output channels that give nothing: zero weights, and a norm that adds nothing."""
    values = layer.get_weights()
    rows = list(dead)
    if type(layer).__name__ == "BatchNormalization":
        for value, silent in zip(values, (0, 0, 0, 1), strict=True):
            value[rows] = silent
    elif type(layer).__name__ == "DepthwiseConv2D":
        values[0][:, :, rows], values[1][rows] = 0, 0
    else:
        for value in values:
            value[..., rows] = 0
    layer.set_weights(values)
