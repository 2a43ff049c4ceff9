"""``non_maximum_suppression``: the best boxes that overlap no better one, iOS15; another form from iOS17.

Boxes ``(x, y, width, height)`` with their centre go by descending score (the greatest of their
classes); one whose intersection over union with a chosen one exceeds ``iou_threshold`` is dropped,
with ``per_class_suppression`` only among boxes of the same class. Where none is left the best one is
taken. iOS15: boxes ``[n, B, 4]``, scores ``[n, B, K]``, and those below ``score_threshold`` are out
first; gives boxes, scores, indices and their number. From iOS17: boxes ``[n, 4, B]``, scores
``[n, K, B]``, no score threshold and no number. Unused places hold 0, or -1 as index.
"""

from __future__ import annotations

import torch
from torch import Tensor

from fieldpack.coreml.ops._size import bounded


def run(
    boxes: Tensor,
    scores: Tensor,
    iou_threshold: float,
    max_boxes: int,
    score_threshold: float | None = None,
    per_class_suppression: bool = False,
) -> tuple[Tensor, ...]:
    old = score_threshold is not None
    if not old:
        boxes, scores = boxes.transpose(1, 2), scores.transpose(1, 2)
    least = -torch.inf if score_threshold is None else score_threshold
    batch = len(boxes)
    bounded((batch, max_boxes, 4 + scores.shape[2]))
    kept_boxes = boxes.new_zeros(batch, max_boxes, 4)
    kept_scores = scores.new_zeros(batch, max_boxes, scores.shape[2])
    indices = torch.full((batch, max_boxes), -1, dtype=torch.int32)
    counts = torch.zeros(batch, dtype=torch.int32)
    for n in range(batch):
        chosen = _chosen(boxes[n], scores[n], iou_threshold, least, max_boxes, per_class_suppression)
        kept_boxes[n, : len(chosen)] = boxes[n, chosen]
        kept_scores[n, : len(chosen)] = scores[n, chosen]
        indices[n, : len(chosen)] = torch.tensor(chosen, dtype=torch.int32)
        counts[n] = len(chosen)
    if old:
        return kept_boxes, kept_scores, indices, counts
    return kept_boxes.transpose(1, 2), kept_scores.transpose(1, 2), indices


def _chosen(
    boxes: Tensor, scores: Tensor, iou_threshold: float, least: float, most: int, per_class: bool
) -> list[int]:
    best, classes = scores.max(dim=1)
    order = [int(i) for i in torch.argsort(-best, stable=True) if float(best[i]) >= least]
    chosen: list[int] = []
    for candidate in order:
        if len(chosen) == most:
            break
        rivals = [c for c in chosen if not per_class or classes[c] == classes[candidate]]
        if all(_overlap(boxes[candidate], boxes[c]) <= iou_threshold for c in rivals):
            chosen.append(candidate)
    return chosen or [int(best.argmax())][:most]


def _overlap(a: Tensor, b: Tensor) -> float:
    """Intersection over union of two boxes; 0 where both are empty."""
    low = torch.maximum(a[:2] - a[2:] / 2, b[:2] - b[2:] / 2)
    high = torch.minimum(a[:2] + a[2:] / 2, b[:2] + b[2:] / 2)
    shared = float((high - low).clamp(min=0).prod())
    union = float(a[2:].prod() + b[2:].prod()) - shared
    return shared / union if union > 0 else 0.0
