"""Every rule by its id; a test compares the list with the modules of the folder."""

from __future__ import annotations

from fieldpack.exports.inat_vision_camera.rule import Rule
from fieldpack.exports.inat_vision_camera.rules import (
    behaviour,
    between_files,
    core_ml_files,
    directory,
    taxonomy_files,
    tflite_files,
    tree,
)

SUBJECTS = (directory, tflite_files, core_ml_files, taxonomy_files, tree, between_files)
"""Modules whose ``check`` reads files; ``behaviour`` looks at what the models answered."""

RULES: dict[str, Rule] = {rule.id: rule for module in (*SUBJECTS, behaviour) for rule in module.RULES}
