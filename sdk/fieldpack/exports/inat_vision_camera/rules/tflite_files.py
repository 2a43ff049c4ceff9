"""Will Android's runtime load both TFLite files, and do they take and give what the plugin reads?"""

from __future__ import annotations

from collections.abc import Iterator

from fieldpack.exports.inat_vision_camera import facts
from fieldpack.exports.inat_vision_camera.contents import Contents, Role
from fieldpack.exports.inat_vision_camera.rule import Finding, Rule, Severity, listed
from fieldpack.tflite.facts import Tensor, TfliteModel
from fieldpack.tflite.runtime_version import operator_runtime, version_key

OLD_ANDROID = "refused; the app reports 'Android version is too old - needs to be at least 6.0'"
EMPTY = "the runtime throws at every run; the plugin swallows it and returns an empty list"
NOT_READ = "does not read this file"
PASSED_ON = ("RESHAPE", "DEQUANTIZE", "SQUEEZE", "QUANTIZE", "EXPAND_DIMS", "CAST")
RAISED = "MAXIMUM"
"""A floor under geo scores."""


def _rule(
    name: str,
    looks_at: str,
    android: str,
    remedy: str,
    severity: Severity = Severity.ERROR,
    ios: str = NOT_READ,
) -> Rule:
    return Rule(name, severity, looks_at, android, ios, remedy)


UNREADABLE = _rule(
    "tflite-unreadable",
    "the file is a complete TFLite flatbuffer",
    OLD_ANDROID,
    "copy or export it again; it may be cut off, a Git LFS pointer, or another format",
)
FLEX = _rule(
    "tflite-flex-operator",
    "no TensorFlow (Flex) operators",
    f"{OLD_ANDROID}: the plugin carries no select-ops library",
    "convert with builtin operators only; replace the layer that needs Flex",
)
CUSTOM = _rule(
    "tflite-custom-operator",
    "no custom operators",
    f"{OLD_ANDROID}: the plugin registers none",
    "convert without allow_custom_ops; replace the layer",
)
OPERATOR_VERSION = _rule(
    "tflite-operator-version",
    "no operator newer than the runtime that the apps pin",
    f'{OLD_ANDROID}; the log says "Didn\'t find op for builtin opcode"',
    "export with an older converter, or pack it with `fieldpack build`, or raise litertVersion in both apps",
)
REFUSED = _rule(
    "tflite-refused",
    "LiteRT loads the file and runs it",
    f"{OLD_ANDROID}, or {EMPTY}",
    "export the model again; `fieldpack verify FILE` repeats the attempt",
)
INPUT_COUNT = _rule(
    "tflite-input-count",
    "one input",
    EMPTY,
    "fold the other inputs into the graph; the plugin fills input 0 alone",
)
INPUT_TYPE = _rule(
    "tflite-input-type",
    "a float32 input",
    f"{EMPTY}: it writes 4 bytes a number whatever the input is",
    "quantise inside and keep float32 at the border (QUANTIZE behind the input)",
)
OUTPUT_TYPE = _rule(
    "tflite-output-type",
    "a float32 output",
    f"{EMPTY}: it reads 4 bytes a number whatever the output is",
    "add a DEQUANTIZE before the output",
)
DYNAMIC = _rule(
    "tflite-dynamic-shape",
    "no dynamic axis but the first, whose size in the file is 1",
    "the interpreter allocates the size that the file states, and the buffer does not fit it",
    "convert with a fixed batch of 1",
)
VISION_SHAPE = _rule(
    "tflite-vision-input-shape",
    f"pictures as [1, {facts.SIZE}, {facts.SIZE}, 3], channels last",
    f"{EMPTY}: the size is compiled into the plugin",
    f"resize inside the graph from {facts.SIZE}, and keep the channels last",
)
GEO_SHAPE = _rule(
    "tflite-geo-input-shape",
    "places as [1, 5]",
    EMPTY,
    "wrap the model so that it takes sin and cos of longitude and latitude, and the elevation",
)
OUTPUT_SHAPE = _rule(
    "tflite-output-shape",
    "output 0 is [1, N]",
    f"{EMPTY}: it reads into float[1][N]",
    "reshape the output to two axes",
)
OUTPUT_ORDER = _rule(
    "tflite-output-order",
    "output 0 holds the scores",
    f"{EMPTY}: it reads output 0 and passes over the others",
    "put the scores first, or export them alone",
)
SOFTMAX = _rule(
    "tflite-softmax",
    "the scores of a picture leave a SOFTMAX",
    "scores are divided by 1 minus what was pruned, which holds for sums of 1 only",
    "end the graph with SOFTMAX; if the sum is 1 by other means, leave it",
    Severity.WARNING,
)
SIGMOID = _rule(
    "tflite-geo-sigmoid",
    "the scores of a place leave a LOGISTIC",
    "thresholds are compared with scores of 0 to 1; logits or shares of a sum mean something else",
    "end the graph with a sigmoid; if scores are 0 to 1 by other means, leave it",
    Severity.WARNING,
)
RULES = (
    UNREADABLE,
    FLEX,
    CUSTOM,
    OPERATOR_VERSION,
    REFUSED,
    INPUT_COUNT,
    INPUT_TYPE,
    OUTPUT_TYPE,
    DYNAMIC,
    VISION_SHAPE,
    GEO_SHAPE,
    OUTPUT_SHAPE,
    OUTPUT_ORDER,
    SOFTMAX,
    SIGMOID,
)


def check(contents: Contents, plugin: str) -> Iterator[Finding]:
    """Look for every fault of this subject but ``REFUSED``, which the answers find."""
    for role in (Role.ANDROID_VISION, Role.ANDROID_GEO):
        path = contents.path(role)
        if path is None:
            continue
        shown = contents.shown(path)
        model = contents.tflite.get(role)
        if model is None:
            yield Finding(UNREADABLE, shown, contents.errors[path].came or contents.errors[path].what)
            continue
        yield from _operators(model, shown, plugin)
        yield from _input(model, shown, role)
        yield from _output(model, shown, role)


def _operators(model: TfliteModel, shown: str, plugin: str) -> Iterator[Finding]:
    flex = [name for name in model.custom_ops if name.startswith("Flex")]
    custom = [name for name in model.custom_ops if not name.startswith("Flex")]
    if flex:
        yield Finding(FLEX, shown, f"uses {listed(flex)}")
    if custom:
        yield Finding(CUSTOM, shown, f"uses {listed(custom)}")
    newer = [
        f"{node.name} v{node.version}"
        for node in model.operators
        if not node.is_custom and not runs_on(node.name, node.version, plugin)
    ]
    if newer:
        runtime = facts.RUNTIMES[plugin][0]
        yield Finding(OPERATOR_VERSION, shown, f"{listed(sorted(set(newer)))}, which {runtime} does not have")


def runs_on(name: str, version: int, plugin: str) -> bool:
    """Whether the runtime of a plugin's apps has a version of an operator; an unknown one it has not."""
    first = operator_runtime(name, version)
    return first is not None and version_key(first) <= version_key(facts.RUNTIMES[plugin][1])


def _input(model: TfliteModel, shown: str, role: Role) -> Iterator[Finding]:
    if len(model.inputs) != 1:
        names = listed([tensor.name or "(no name)" for tensor in model.inputs])
        yield Finding(INPUT_COUNT, shown, f"{len(model.inputs)} inputs: {names}")
    if not model.inputs:
        return
    tensor = model.inputs[0]
    if tensor.dtype != "float32":
        yield Finding(INPUT_TYPE, shown, f"input {tensor.name!r} is {tensor.dtype}")
    if _is_dynamic(tensor):
        yield Finding(
            DYNAMIC, shown, f"input {tensor.name!r} is {list(tensor.shape_signature)}, {_sized(tensor)}"
        )
    if role is Role.ANDROID_VISION and tensor.shape != facts.VISION_INPUT:
        yield Finding(VISION_SHAPE, shown, f"input {tensor.name!r} is {list(tensor.shape)}{_order(tensor)}")
    if role is Role.ANDROID_GEO and tensor.shape != facts.GEO_INPUT:
        yield Finding(GEO_SHAPE, shown, f"input {tensor.name!r} is {list(tensor.shape)}")


def _output(model: TfliteModel, shown: str, role: Role) -> Iterator[Finding]:
    if not model.outputs:
        yield Finding(OUTPUT_SHAPE, shown, "no output")
        return
    tensor = model.outputs[0]
    if tensor.dtype != "float32":
        yield Finding(OUTPUT_TYPE, shown, f"output {tensor.name!r} is {tensor.dtype}")
    if _is_dynamic(tensor):
        yield Finding(
            DYNAMIC, shown, f"output {tensor.name!r} is {list(tensor.shape_signature)}, {_sized(tensor)}"
        )
    fits = [len(item.shape) == 2 and item.shape[0] == 1 for item in model.outputs]
    if not fits[0]:
        rule = OUTPUT_ORDER if any(fits) else OUTPUT_SHAPE
        yield Finding(rule, shown, f"output 0, {tensor.name!r}, is {list(tensor.shape)}")
    if role is Role.ANDROID_VISION and (last := last_operator(model)) != "SOFTMAX":
        yield Finding(SOFTMAX, shown, f"the scores leave {last}")
    if role is Role.ANDROID_GEO and (last := last_operator(model, (*PASSED_ON, RAISED))) != "LOGISTIC":
        yield Finding(SIGMOID, shown, f"the scores leave {last}")


def _is_dynamic(tensor: Tensor) -> bool:
    return -1 in tensor.shape_signature[1:] or (-1 in tensor.shape_signature[:1] and tensor.shape[0] != 1)


def _sized(tensor: Tensor) -> str:
    return f"{list(tensor.shape)} in the file"


def _order(tensor: Tensor) -> str:
    shape = tensor.shape
    return "; its channels stand first" if len(shape) == 4 and shape[1] == 3 != shape[3] else ""


def last_operator(model: TfliteModel, passed: tuple[str, ...] = PASSED_ON) -> str:
    """The operator that makes output 0, looked through those in `passed`."""
    makers = {index: node for node in model.main.operators for index in node.outputs}
    index = model.main.outputs[0]
    seen: set[int] = set()
    while index in makers and index not in seen:
        seen.add(index)
        node = makers[index]
        if node.name not in passed:
            return node.name
        index = next((i for i in node.inputs if not model.main.tensors[i].is_constant), -1)
    return "no operator"
