"""Will iOS load both Core ML files, and do they take and give what the plugin reads?"""

from __future__ import annotations

from collections.abc import Iterator

from fieldpack.coreml.feature import Feature
from fieldpack.exports.inat_vision_camera import facts
from fieldpack.exports.inat_vision_camera.contents import Contents, Role
from fieldpack.exports.inat_vision_camera.core_ml_facts import LATER, PROGRAM, CoreMlFacts
from fieldpack.exports.inat_vision_camera.rule import Finding, Rule, Severity, listed

NOT_READ = "does not read this file"
NO_MODEL = "no model is made: NSLog and nil, then empty results"
NIL_SCORES = "the code reads a multi-array that is not there: nil, then empty results"


def _rule(
    name: str,
    looks_at: str,
    ios: str,
    remedy: str,
    severity: Severity = Severity.ERROR,
    android: str = NOT_READ,
) -> Rule:
    return Rule(name, severity, looks_at, android, ios, remedy)


UNREADABLE = _rule(
    "coreml-unreadable",
    "the file is a complete Core ML model",
    "Xcode refuses to compile it",
    "copy or export it again; it may be cut off, a Git LFS pointer, or lack its weights",
)
VERSION = _rule(
    "coreml-ios-version",
    f"iOS {facts.IOS} loads it",
    f"not loaded by iOS {facts.IOS}, which the apps still support; Xcode warns or refuses",
    "convert with minimum_deployment_target iOS13 (neural network) or iOS15 (ML Program); from a bundle "
    'export with --coreml neuralnetwork, or build a flavour with minimum_ios = "15"',
)
CUSTOM = _rule(
    "coreml-custom-layer",
    "no custom layers",
    "not loaded: the plugin implements none",
    "replace the layer by standard ones",
)
PACKAGE = _rule(
    "coreml-single-file",
    "one .mlmodel file, which the apps link and Xcode compiles",
    "iNaturalist's link script tests for a file: a vision model that is a folder ends the build, a geo "
    "model is passed over; Seek's project names single files",
    "export a neural network as .mlmodel, or edit the script and the Xcode projects to take folders",
    Severity.WARNING,
)
PROGRAM_FILE = _rule(
    "coreml-program-in-mlmodel",
    "an ML Program lies in an .mlpackage",
    "Xcode refuses an ML Program in a single .mlmodel, whose weights would lie elsewhere",
    "save it as .mlpackage, or convert to a neural network",
)
CLASSIFIER = _rule(
    "coreml-classifier",
    "no classifier",
    "Vision returns classification observations; the code finds no multi-array: nil, then empty results",
    "convert without class labels",
)
INPUT_COUNT = _rule(
    "coreml-input-count",
    "one input",
    "Vision refuses a vision model of several inputs; a geo model lacks the others and fails",
    "fold the other inputs into the graph",
)
VISION_INPUT = _rule(
    "coreml-vision-input-kind",
    "the vision model takes an image",
    "VNCoreMLModel refuses a model without an image input",
    "convert with ct.ImageType",
)
COLOR = _rule(
    "coreml-vision-color",
    "the picture has three colours",
    "Vision hands over a grey picture; the model sees no colour, and Android's does",
    "convert with color_layout RGB or BGR, as the model was trained",
)
SIZE = _rule(
    "coreml-vision-size",
    f"pictures of {facts.SIZE} x {facts.SIZE}",
    "loads: Vision scales to the model's size, so that both platforms resize differently",
    f"give the model {facts.SIZE} x {facts.SIZE} and resize inside",
    Severity.WARNING,
)
FLEXIBLE = _rule(
    "coreml-flexible-shape",
    "fixed shapes",
    "Vision picks a size by itself; outputs without fixed shape break the comparison with the geo output",
    "convert with fixed shapes",
    Severity.WARNING,
)
SCALE = _rule(
    "coreml-vision-scale",
    "pixels are scaled inside the model",
    "pixels arrive as 0..255; a model that expects 0..1 answers nonsense in silence",
    "convert with ct.ImageType(scale=1/255) or what the model was trained with; if weights hold the scale, "
    "leave it",
    Severity.WARNING,
)
OUTPUT_COUNT = _rule(
    "coreml-output-count",
    "one output",
    "the code takes the first observation, whichever that is",
    "export the scores alone",
)
OUTPUT_KIND = _rule(
    "coreml-output-kind", "the output is a multi-array", NIL_SCORES, "export scores as an array"
)
OUTPUT_TYPE = _rule(
    "coreml-output-type",
    "the output is Float32",
    "the memory is read as float whatever it holds: wrong scores in silence",
    "convert with output type float32 (ct.TensorType(dtype=np.float32))",
)
OUTPUT_SHAPE = _rule(
    "coreml-output-shape",
    "the output is [1, N]",
    "shapes of vision and geo must be equal, rank included, else there is no combined score: nil",
    "reshape the output to two axes",
)
SHAPES_DIFFER = _rule(
    "coreml-shapes-differ",
    "vision and geo outputs have the same shape",
    "isEqualToArray is false and the combined score is nil: no result with a location",
    "give both outputs the shape [1, N]",
)
GEO_INPUT_NAME = _rule(
    "coreml-geo-input-name",
    f"the geo input is named {facts.GEO_INPUT_NAME}",
    "the feature provider lacks the model's input: no geo score, in silence",
    f"rename the input to {facts.GEO_INPUT_NAME}",
)
GEO_OUTPUT_NAME = _rule(
    "coreml-geo-output-name",
    f"the geo output is named {facts.GEO_OUTPUT_NAME}",
    "featureValueForName gives nil: no geo score, in silence",
    f"rename the output to {facts.GEO_OUTPUT_NAME}",
)
GEO_INPUT_KIND = _rule(
    "coreml-geo-input-kind",
    "the geo input is a multi-array of floats",
    "the plugin passes a multi-array of doubles, which Core ML converts to float types only",
    "give the input Float32 or Double",
)
GEO_INPUT_HALF = _rule(
    "coreml-geo-input-half",
    "the geo input is not Float16",
    "doubles become half floats before the first layer; iOS 15 does not take such inputs at all",
    "give the input Float32",
)
GEO_INPUT_SHAPE = _rule(
    "coreml-geo-input-shape",
    "the geo input is [1, 5]",
    "prediction fails: no geo score, in silence",
    "wrap the model so that it takes sin and cos of longitude and latitude, and the elevation",
)
REFUSED = _rule(
    "coreml-refused",
    "the model runs",
    "Core ML fails when it compiles or predicts",
    "export the model again; `fieldpack run FILE` repeats the attempt",
)
RULES = (
    UNREADABLE,
    VERSION,
    CUSTOM,
    PACKAGE,
    PROGRAM_FILE,
    CLASSIFIER,
    INPUT_COUNT,
    VISION_INPUT,
    COLOR,
    SIZE,
    FLEXIBLE,
    SCALE,
    OUTPUT_COUNT,
    OUTPUT_KIND,
    OUTPUT_TYPE,
    OUTPUT_SHAPE,
    SHAPES_DIFFER,
    GEO_INPUT_NAME,
    GEO_OUTPUT_NAME,
    GEO_INPUT_KIND,
    GEO_INPUT_HALF,
    GEO_INPUT_SHAPE,
    REFUSED,
)


def check(contents: Contents, plugin: str) -> Iterator[Finding]:
    """Look for every fault of this subject but ``REFUSED``, which the answers find."""
    for role in (Role.IOS_VISION, Role.IOS_GEO):
        path = contents.path(role)
        if path is None:
            continue
        shown = contents.shown(path)
        model = contents.core_ml.get(role)
        if model is None:
            yield Finding(UNREADABLE, shown, contents.errors[path].came or contents.errors[path].what)
            continue
        yield from _file(model, shown)
        if len(model.inputs) != 1:
            names = listed([feature.name for feature in model.inputs])
            yield Finding(INPUT_COUNT, shown, f"{len(model.inputs)} inputs: {names or 'none'}")
        yield from _vision(model, shown) if role is Role.IOS_VISION else _geo(model, shown)
        yield from _output(model, shown, role)
    yield from _shapes(contents)


def _file(model: CoreMlFacts, shown: str) -> Iterator[Finding]:
    if model.ios == LATER or (model.ios is not None and _version(model.ios) > _version(facts.IOS)):
        yield Finding(VERSION, shown, f"specification {model.specification} needs iOS {model.ios}")
    if model.custom:
        yield Finding(CUSTOM, shown, f"custom layers: {listed(list(model.custom))}")
    if model.path.suffix == ".mlpackage":
        yield Finding(PACKAGE, shown, "a folder")
    if model.kind == PROGRAM and model.path.suffix == ".mlmodel":
        yield Finding(PROGRAM_FILE, shown, "an ML Program in a single file")
    if model.classifier:
        yield Finding(CLASSIFIER, shown, "a classifier with class labels")
    flexible = [f for f in (*model.inputs, *model.outputs) if f.ranges is not None or f.shapes is not None]
    if flexible:
        yield Finding(FLEXIBLE, shown, listed([f"{f.name}: {f.admissible}" for f in flexible]))


def _version(text: str) -> tuple[int, ...]:
    return tuple(int(part) for part in text.split("."))


def _vision(model: CoreMlFacts, shown: str) -> Iterator[Finding]:
    images = [feature for feature in model.inputs if feature.kind == "image"]
    if not images:
        came = listed([f"{f.name} ({f.kind})" for f in model.inputs]) or "no input"
        yield Finding(VISION_INPUT, shown, f"takes {came}")
        return
    image = images[0]
    if image.shape[-1] != 3:
        yield Finding(COLOR, shown, f"input {image.name!r} is {image.color}")
    elif image.shape != facts.VISION_INPUT:
        yield Finding(SIZE, shown, f"input {image.name!r} is {image.shape[2]} x {image.shape[1]} pixels")
    if model.scaled is False:
        yield Finding(SCALE, shown, "no scale before the first layer with weights")


def _geo(model: CoreMlFacts, shown: str) -> Iterator[Finding]:
    if not model.inputs:
        return
    feature = model.inputs[0]
    if all(item.name != facts.GEO_INPUT_NAME for item in model.inputs):
        yield Finding(GEO_INPUT_NAME, shown, f"the input is named {feature.name!r}")
    if all(item.name != facts.GEO_OUTPUT_NAME for item in model.outputs):
        named = listed([repr(item.name) for item in model.outputs]) or "missing"
        yield Finding(GEO_OUTPUT_NAME, shown, f"the output is named {named}")
    if feature.kind != "multiarray" or feature.dtype not in ("float16", "float32", "float64"):
        yield Finding(GEO_INPUT_KIND, shown, f"input {feature.name!r} is {feature.kind} {feature.dtype}")
    elif feature.dtype == "float16":
        yield Finding(GEO_INPUT_HALF, shown, f"input {feature.name!r} is Float16")
    if feature.shape != facts.GEO_INPUT:
        yield Finding(GEO_INPUT_SHAPE, shown, f"input {feature.name!r} is {list(feature.shape)}")


def _output(model: CoreMlFacts, shown: str, role: Role) -> Iterator[Finding]:
    if len(model.outputs) != 1 and not model.classifier:
        names = listed([feature.name for feature in model.outputs])
        yield Finding(OUTPUT_COUNT, shown, f"{len(model.outputs)} outputs: {names or 'none'}")
    for feature in read_outputs(model, role):
        if feature.kind != "multiarray":
            yield Finding(OUTPUT_KIND, shown, f"output {feature.name!r} is {feature.kind}")
            continue
        if feature.dtype != "float32":
            yield Finding(OUTPUT_TYPE, shown, f"output {feature.name!r} is {feature.dtype}")
        if feature.shape and (len(feature.shape) != 2 or feature.shape[0] != 1):
            yield Finding(OUTPUT_SHAPE, shown, f"output {feature.name!r} is {list(feature.shape)}")


def read_outputs(model: CoreMlFacts, role: Role) -> tuple[Feature, ...]:
    """The output that the plugin reads: by name of a geo model, else the first."""
    if role is Role.IOS_GEO:
        named = tuple(item for item in model.outputs if item.name == facts.GEO_OUTPUT_NAME)
        return named or model.outputs[:1]
    return model.outputs[:1]


def _shapes(contents: Contents) -> Iterator[Finding]:
    shapes = {}
    for role in (Role.IOS_VISION, Role.IOS_GEO):
        if role in contents.core_ml:
            stated_outputs = read_outputs(contents.core_ml[role], role)
            shapes[role] = [feature.shape for feature in stated_outputs if feature.kind == "multiarray"]
    stated = [shape[0] for shape in shapes.values() if shape and shape[0]]
    if len(stated) == 2 and stated[0] != stated[1]:
        message = f"vision gives {list(stated[0])}, geo gives {list(stated[1])}"
        yield Finding(SHAPES_DIFFER, contents.shown(contents.path(Role.IOS_GEO)), message)
