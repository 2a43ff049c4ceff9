"""Is every file there, once, under a name that both platforms and a shell keep as it is?"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from fieldpack.exports.inat_vision_camera import facts
from fieldpack.exports.inat_vision_camera.contents import Contents, Role
from fieldpack.exports.inat_vision_camera.env_fragment import EnvFragment
from fieldpack.exports.inat_vision_camera.rule import Finding, Rule, Severity, listed

STABLE_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
NOT_READ = "does not read this file"


def _missing(name: str, platform: str, what: str, consequence: str) -> Rule:
    return Rule(
        f"{name}-missing",
        Severity.ERROR,
        f"{platform} needs {what}",
        consequence if platform == "Android" else NOT_READ,
        consequence if platform == "iOS" else NOT_READ,
        f"add {what}",
    )


MISSING = {
    Role.ANDROID_VISION: _missing(
        "android-vision", "Android", "a .tflite vision model", "E_CLASSIFIER: no classifier is made"
    ),
    Role.ANDROID_GEO: _missing(
        "android-geo", "Android", "a .tflite geo model", "no geo score: vision alone decides"
    ),
    Role.ANDROID_TAXONOMY: _missing(
        "android-taxonomy", "Android", "a taxonomy.csv", "E_IO_EXCEPTION: no classifier is made"
    ),
    Role.IOS_VISION: _missing(
        "ios-vision", "iOS", "a Core ML vision model", "the link script ends the build of iNaturalist"
    ),
    Role.IOS_GEO: _missing(
        "ios-geo",
        "iOS",
        "a Core ML geo model",
        "the link script passes over it; the app then opens no geo model and scores are nil",
    ),
    Role.IOS_TAXONOMY: _missing(
        "ios-taxonomy", "iOS", "a taxonomy.json", "the link script ends the build of iNaturalist"
    ),
}
SEVERAL = Rule(
    "several-candidates",
    Severity.ERROR,
    "one file a role, or an env fragment that says which",
    "the app is given one of them; which one is not to be seen here, and stray ones fill the APK",
    "the app links one of them; which one is not to be seen here",
    "remove the others, or name the file in an env fragment beside it",
)
UNSTABLE_NAME = Rule(
    "file-name",
    Severity.ERROR,
    "names of ASCII letters, digits, dot, hyphen and underscore",
    "asset names with other characters are lost when the assets are packed or copied",
    "the link script splits the name at blanks; other characters change their form on the file system",
    "rename the file, and its entry in the env fragment",
)
EXTENSION = Rule(
    "file-extension",
    Severity.ERROR,
    "models end in .tflite, .mlmodel, .mlpackage or .mlmodelc",
    "assets without .tflite may be compressed in the APK, and the copy to documents looks for the name",
    NOT_READ,
    "rename the file to end in .tflite",
)
ENV_FILE = Rule(
    "env-file-missing",
    Severity.ERROR,
    "every file that the env fragment names is there",
    "the copy of assets fails; E_IO_EXCEPTION",
    "the link script ends the build; a missing geo model is passed over in silence",
    "correct the name in the fragment, or add the file",
)
ENV_KEY = Rule(
    "env-key-missing",
    Severity.ERROR,
    "an env fragment gives all six file names, and .env the model version",
    "the name is undefined, and the path of the model ends in 'undefined'",
    "the link script tests an empty name and ends the build",
    "add the key",
)
ENV_SYNTAX = Rule(
    "env-syntax",
    Severity.ERROR,
    "lines of .env are NAME=value without blanks, quotes or carriage returns",
    "the parser of the JavaScript side may keep quotes or a carriage return in the name",
    "the link script reads the file with a shell, which runs words after a blank as a command",
    "write NAME=value, one a line, ended by LF alone",
)
ENV_CONTRADICTION = Rule(
    "env-contradiction",
    Severity.ERROR,
    "all env fragments of the directory give the same names",
    "debug and release builds load different models",
    "debug and release builds load different models",
    "give the same names everywhere, or lint each directory by itself",
)
MODEL_VERSION = Rule(
    "model-version",
    Severity.ERROR,
    "CV_MODEL_VERSION is one that the plugin admits",
    "every call throws 'This model version is not supported.'",
    "every call throws 'This model version is not supported.'",
    f"give one of {', '.join(facts.MODEL_VERSIONS)}; any but 1.0 means the same",
)
OLD_VERSION = Rule(
    "model-version-scale",
    Severity.ERROR,
    "CV_MODEL_VERSION is not 1.0",
    "pixels are divided by 255 before the model, and results have no leaf_id",
    "pixels arrive as 0..255 all the same: the platforms disagree",
    "give another version and keep the scaling inside the graph",
)
RULES = (
    *MISSING.values(),
    SEVERAL,
    UNSTABLE_NAME,
    EXTENSION,
    ENV_FILE,
    ENV_KEY,
    ENV_SYNTAX,
    ENV_CONTRADICTION,
    MODEL_VERSION,
    OLD_VERSION,
)


def check(contents: Contents, plugin: str) -> Iterator[Finding]:
    """Look for every fault of this subject."""
    for role in Role:
        yield from _role(contents, role)
    for env in contents.envs:
        yield from _env(contents, env, plugin)
    yield from _contradictions(contents)


def _role(contents: Contents, role: Role) -> Iterator[Finding]:
    found = contents.candidates[role]
    if role in contents.absent:
        return
    if not found:
        yield Finding(MISSING[role], ".", f"no file of this kind among {contents.folder.name}")
        return
    if len(found) > 1:
        names = listed([contents.shown(path) for path in found])
        yield Finding(SEVERAL, contents.shown(found[0]), f"{len(found)} files for {role.value}: {names}")
    for path in found:
        if not STABLE_NAME.fullmatch(path.name):
            yield Finding(UNSTABLE_NAME, contents.shown(path), f"named {path.name!r}")
        if role in (Role.ANDROID_VISION, Role.ANDROID_GEO) and path.suffix != ".tflite":
            yield Finding(EXTENSION, contents.shown(path), f"a TFLite file named {path.name!r}")


def _env(contents: Contents, env: EnvFragment, plugin: str) -> Iterator[Finding]:
    shown = contents.shown(env.path)
    for key, number in env.crooked.items():
        yield Finding(ENV_SYNTAX, shown, f"{key} on line {number}", number)
    wanted = facts.ENV_KEYS if env.is_config else (*facts.ENV_KEYS, facts.VERSION_KEY)
    lacking = [key for key in wanted if not env.values.get(key)]
    if lacking:
        yield Finding(ENV_KEY, shown, f"lacks {', '.join(lacking)}")
    for role, name in contents.absent.items():
        if env.values.get(role.value) == name:
            yield Finding(
                ENV_FILE, shown, f"{role.value} names {name!r}, which is not there", env.lines[role.value]
            )
    version = env.values.get(facts.VERSION_KEY)
    if version:
        yield from _version(version, shown, env.lines[facts.VERSION_KEY], plugin)


def _version(version: str, shown: str, line: int, plugin: str) -> Iterator[Finding]:
    since = facts.MODEL_VERSIONS.get(version)
    if since is None:
        yield Finding(MODEL_VERSION, shown, f"{version!r} is no model version of the plugin", line)
    elif facts.PLUGINS.index(since) > facts.PLUGINS.index(plugin):
        yield Finding(MODEL_VERSION, shown, f"{version!r} is admitted from {since} on, not by {plugin}", line)
    if version == facts.SCALED_MODEL_VERSION:
        yield Finding(OLD_VERSION, shown, f"{facts.VERSION_KEY} is {version}", line)


def _contradictions(contents: Contents) -> Iterator[Finding]:
    first: dict[str, tuple[str, Path]] = {}
    for env in contents.envs:
        for key, value in env.values.items():
            said, where = first.setdefault(key, (value, env.path))
            if said != value:
                message = f"{key} is {value!r} here and {said!r} in {contents.shown(where)}"
                yield Finding(ENV_CONTRADICTION, contents.shown(env.path), message, env.lines[key])
