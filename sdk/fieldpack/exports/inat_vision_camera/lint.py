"""``lint``: will this directory load on both platforms, and mean the same there?"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fieldpack.errors import InputError
from fieldpack.exports.inat_vision_camera import facts
from fieldpack.exports.inat_vision_camera.answers import Answers, run_models
from fieldpack.exports.inat_vision_camera.contents import Contents, Role, find_contents
from fieldpack.exports.inat_vision_camera.rule import Finding, Severity
from fieldpack.exports.inat_vision_camera.rules import behaviour
from fieldpack.exports.inat_vision_camera.rules._rule_list import RULES, SUBJECTS
from fieldpack.verdict import Outcome

ORDER = list(Severity)


@dataclass(frozen=True, slots=True)
class LintResult:
    """What ``lint`` found.

    Attributes
    ----------
    folder : Path
        The directory.
    plugin : str
        The plugin that it is held against.
    files : dict of str to str
        Role (the key of the env fragment) -> file.
    findings : tuple of Finding
        Errors first.
    not_run : dict of str to str
        Models that nothing here can run, and why: their answers are not known.
    """

    folder: Path
    plugin: str
    files: dict[str, str]
    findings: tuple[Finding, ...]
    not_run: dict[str, str]

    @property
    def outcome(self) -> Outcome:
        """``fail`` with an error; ``inconclusive`` where a model could not be run; else ``pass``."""
        if any(finding.rule.severity is Severity.ERROR for finding in self.findings):
            return Outcome.FAIL
        return Outcome.INCONCLUSIVE if self.not_run else Outcome.PASS

    def count(self, severity: Severity) -> int:
        """How many findings have a severity."""
        return sum(finding.rule.severity is severity for finding in self.findings)

    def as_dict(self) -> dict[str, Any]:
        """Plain data."""
        return {
            "directory": str(self.folder),
            "for": facts.TARGET,
            "plugin": self.plugin,
            "outcome": self.outcome.value,
            "files": self.files,
            "rules": len(RULES),
            "evidence": {"tflite": "host", "coreml": "reference"},
            "not_run": self.not_run,
            "findings": [finding.as_dict() for finding in self.findings],
        }


def lint(
    folder: Path,
    plugin: str = facts.DEFAULT_PLUGIN,
    tolerance: float = facts.AGREEMENT,
    *,
    run: bool = True,
) -> LintResult:
    """Hold a directory against every rule.

    Parameters
    ----------
    folder : Path
        Any directory: an exported one, an app's assets, or a mix of both platforms' files.
    plugin : str
        The oldest plugin that must load it, one of ``facts.PLUGINS``.
    tolerance : float
        How far both platforms' answers may lie apart, 0 to 1; see ``answers``.
    run : bool
        Run the models; without it their answers stay unknown, and a good directory is ``inconclusive``.

    Raises
    ------
    InputError
        There is no such directory, plugin or tolerance.
    MissingDependencyError
        What is needed to read a file is not installed.
    """
    if plugin not in facts.PLUGINS:
        raise InputError("No such plugin release is known", came=plugin, allowed=", ".join(facts.PLUGINS))
    if not 0 <= tolerance <= 1:
        raise InputError("The tolerance is no share", came=tolerance, allowed="0 to 1")
    contents = find_contents(folder)
    findings = [finding for subject in SUBJECTS for finding in subject.check(contents, plugin)]
    answers = (
        run_models(contents) if run else Answers(not_run=dict.fromkeys(_models(contents), "not asked for"))
    )
    findings += behaviour.check(contents, answers, tolerance)
    findings.sort(key=lambda finding: ORDER.index(finding.rule.severity))
    files = {role.value: contents.shown(path) for role in Role if (path := contents.path(role)) is not None}
    return LintResult(folder, plugin, files, tuple(findings), _not_run(contents, answers))


def _models(contents: Contents) -> list[Role]:
    return [*contents.tflite, *contents.core_ml]


def _not_run(contents: Contents, answers: Answers) -> dict[str, str]:
    return {contents.shown(contents.path(role)): reason for role, reason in answers.not_run.items()}
