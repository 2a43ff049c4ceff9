/** What the model gives: labels with scores and thresholds, and the scores of every taxon. */

import { OUTPUTS, POOLING, WORDS } from "./facts.ts";
import type { Output } from "./fieldpack/contract.ts";
import { rollup } from "./fieldpack/rollup.ts";
import type { Taxon } from "./fieldpack/rollup.ts";
import { labelScores, pooled, ranked } from "./fieldpack/scores.ts";
import type { Ranked } from "./fieldpack/scores.ts";

/** One taxon with the score of all below it. */
export interface RankedTaxon {
  readonly taxon: Taxon;
  readonly score: number;
}

/** The answer of one output. */
export interface Answer {
  readonly rule: Output;
  readonly values: Float64Array;
  /** Scores 0..1 of every label; the values of a linear output as they are. */
  readonly scores: Float64Array;
  /** The best labels, highest first. */
  best(top?: number): readonly Ranked[];
  /** Scores at every taxon, summed from the leaves; of one rank, or of all. */
  rolledUp(rank?: string, top?: number): readonly RankedTaxon[];
}

/** What the model gives. */
export interface Answers {
@OUTPUT_FIELDS@
}

/** The answers to the numbers of the outputs, in the order of the contract. */
export function answers(pooled: readonly Float64Array[]): Answers {
  return {
@ANSWERS@
  };
}

/** The numbers of a recording's windows as one, output by output. */
export function joined(windows: readonly (readonly ArrayLike<number>[])[]): Float64Array[] {
  return OUTPUTS.map((_, output) => pooled(windows.map((window) => window[output]!), POOLING));
}

/** The answer of an output. */
export function answer(output: number, numbers: readonly Float64Array[]): Answer {
  const [rule, words, values] = [OUTPUTS[output]!, WORDS[output]!, numbers[output]!];
  const scores = labelScores(rule, values);
  return {
    rule,
    values,
    scores,
    best: (top = 5) => ranked(scores, words.labels, top, words.thresholds, rule.threshold ?? null),
    rolledUp: (rank, top = 5) => {
      const rolled = words.taxa.length === 0 ? new Float64Array(0) : rollup(words.taxa, scores, "sum");
      const found = words.taxa.map((taxon, row) => ({ taxon, score: rolled[row]! }));
      const wanted = found.filter(({ taxon, score }) => !Number.isNaN(score) && (rank === undefined || taxon.rank === rank));
      return wanted.sort((one, other) => other.score - one.score).slice(0, top);
    },
  };
}
