"""Trials as runs of an MLflow experiment, for those who look there."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from fieldpack.errors import InputError, MissingDependencyError
from fieldpack.search.outcome import Judged


def mlflow_logger(uri: str, experiment: str) -> Callable[[Judged], None]:
    """A function that logs each trial it is told: stage and numbers, figures, outcome and reason.

    Parameters
    ----------
    uri : str
        Tracking server or ``sqlite:///FILE``.
    experiment : str
        Name of the experiment; made where it is absent.

    Raises
    ------
    MissingDependencyError
        mlflow is not installed.
    InputError
        The address cannot be used.
    """
    try:
        import mlflow
    except ImportError as error:
        raise MissingDependencyError(
            "--mlflow needs mlflow", hint='pip install "fieldpack[mlflow]"'
        ) from error
    try:
        mlflow.set_tracking_uri(uri)
        mlflow.set_experiment(experiment)
    except Exception as error:
        raise InputError(
            "MLflow does not answer", came=f"{uri}: {str(error).splitlines()[0]}", allowed="a tracking URI"
        ) from error

    def log(judged: Judged) -> None:
        with mlflow.start_run(run_name=f"{judged.trial.number:03d} {judged.trial.stage}"):
            mlflow.log_params({"stage": judged.trial.stage, **_flat(judged.trial.numbers)})
            mlflow.log_metrics(_metrics(judged))
            mlflow.set_tags({"outcome": judged.outcome.value, "reason": judged.reason[:5000]})

    return log


def _flat(numbers: dict[str, float]) -> dict[str, Any]:
    return {place.replace(".", "_"): value for place, value in numbers.items()}


def _metrics(judged: Judged) -> dict[str, float]:
    found = {v.name: v.figure.value for v in judged.verdicts if v.figure.value is not None}
    if judged.size is not None:
        found["installed_bytes"] = float(judged.size)
    if judged.estimated is not None and judged.estimated.figure.value is not None:
        found["estimated_latency_ms"] = judged.estimated.figure.value
    return {name: float(value) for name, value in found.items()}
