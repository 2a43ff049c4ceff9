"""What an app must be told: env fragment, Seek's ``config.js``, and the list of files to edit by hand."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from fieldpack.exports.inat_vision_camera import facts
from fieldpack.exports.inat_vision_camera.contents import Role

ENV_NAME = "env.inaturalist"
CONFIG_NAME = "config.seek.js"
EDITS_NAME = "APP_EDITS.md"
EDITS = """\
# What to change in the apps

The plugin reads no metadata and checks nothing: the names below must be right, letter by letter.

## iNaturalistReactNative

1. Copy {android} from `android/` into `{assets}`,
   and remove the old model's files there: each one stays in the APK.
2. Copy {ios} from `ios/` into the app's `ios/`.
3. `.env` and `.env.staging`: take the lines of `{env}`.
4. `ios/link-files-for-build-modes.sh` links the names of `.env` to `cvmodel.mlmodel`, `geomodel.mlmodel` and
   `taxonomy.json`: nothing to change for single files.

## SeekReactNative

1. Copy {android} into `{assets}`.
2. Copy {ios} into `ios/`.
3. `config.js` and `config.example.js`: take the entries of `{config}`.
4. `project.pbxproj` of the Xcode project names each of the iOS files in several places (file reference, build
   file, group, build phase): replace the old names.
5. The Fastfile checks that the files are there, by name.
6. `README.md` and the script that fetches the example model name them, too.
7. `components/Camera/ARCamera/FrameProcessorCamera.tsx` and `GalleryButton.tsx` hold the model version: give
   `{version}`.
8. Names of taxa in each language (`commonNames`) are no part of this export; Seek needs them for new taxa.

## Plugin

* Model version `{version}` is admitted from plugin `{since}` on.
* Android: {runtime} or later (`litertVersion`). iOS: {system} or later.
{folders}
## About these files

{notes}
"""
FOLDERS = """\
* Folders (`.mlpackage`): the link script tests with `-f`, which is false for them. Use `-e`, and `ln -sfn` in
  place of `ln -f`; in the Xcode projects the linked names must end in `.mlpackage`.
"""


def env_fragment(names: Mapping[Role, str], version: str) -> str:
    """Lines for iNaturalist's ``.env``."""
    lines = [f"{role.value}={names[role]}" for role in Role if role in names]
    return "\n".join([*lines, f"{facts.VERSION_KEY}={version}", ""])


def config_fragment(names: Mapping[Role, str]) -> str:
    """Entries of Seek's ``config.js``."""
    lines = [f'  {role.value}: "{names[role]}",' for role in Role if role in names]
    return "\n".join(["export default {", *lines, "};", ""])


def edits(names: Mapping[Role, str], version: str, notes: Sequence[str]) -> str:
    """The list for people, in Markdown."""
    return EDITS.format(
        android=_code([names[role] for role in Role if role in names and role.is_android]),
        ios=_code([names[role] for role in Role if role in names and not role.is_android]),
        assets=facts.ANDROID_ASSETS,
        env=ENV_NAME,
        config=CONFIG_NAME,
        version=version,
        since=facts.MODEL_VERSIONS[version],
        system=facts.IOS,
        runtime=facts.RUNTIMES[facts.DEFAULT_PLUGIN][0],
        folders=FOLDERS if any(name.endswith(".mlpackage") for name in names.values()) else "",
        notes="\n".join(f"* {note}" for note in notes),
    )


def _code(names: Sequence[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)
