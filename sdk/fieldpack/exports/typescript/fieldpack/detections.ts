/** Which label was heard from when to when: windows of one label that follow each other, put together. */

import type { Pooling } from "./contract.ts";
import { pooled } from "./scores.ts";

/** Scores of one window. */
export interface ScoredWindow {
  readonly startS: number;
  readonly endS: number;
  readonly scores: ArrayLike<number>;
}

/** One label over one stretch of a recording. */
export interface Detection {
  readonly index: number;
  readonly startS: number;
  readonly endS: number;
  readonly score: number;
}

interface Run {
  startS: number;
  endS: number;
  readonly scores: number[];
}

/**
 * The detections of a recording, by start, then by falling score.
 *
 * @param threshold score from which a label is present; without one the best label of each window is.
 * @param durationS end of the recording: a last window may be filled up with silence.
 */
export function detections(
  windows: readonly ScoredWindow[],
  threshold: number | null,
  pooling: Pooling,
  durationS: number,
): Detection[] {
  const runs = new Map<number, Run>();
  const found: Detection[] = [];
  const end = (index: number, run: Run): void => {
    const score = pooled(run.scores.map((value) => [value]), pooling)[0]!;
    found.push({ index, startS: run.startS, endS: Math.min(run.endS, durationS), score });
    runs.delete(index);
  };
  for (const window of windows) {
    const here = present(window.scores, threshold);
    for (const [index, run] of runs) if (!here.has(index) || window.startS > run.endS) end(index, run);
    for (const index of here) {
      const run = runs.get(index) ?? { startS: window.startS, endS: window.endS, scores: [] };
      runs.set(index, run);
      run.endS = window.endS;
      run.scores.push(window.scores[index]!);
    }
  }
  for (const [index, run] of runs) end(index, run);
  return found.sort((one, other) => one.startS - other.startS || other.score - one.score);
}

function present(scores: ArrayLike<number>, threshold: number | null): Set<number> {
  const values = Array.from(scores);
  if (threshold === null) return new Set([values.indexOf(Math.max(...values))]);
  return new Set(values.flatMap((score, index) => (score >= threshold ? [index] : [])));
}
