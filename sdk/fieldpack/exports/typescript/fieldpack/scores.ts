/** From the numbers of an output to ranked labels, as `fieldpack predict` tells them. */

import { InputError } from "./contract.ts";
import type { Output, Pooling } from "./contract.ts";

/** One label with its score. */
export interface Ranked {
  readonly index: number;
  readonly label: string;
  readonly score: number;
  /** Score from which the label counts as present; absent where the output has none. */
  readonly threshold?: number;
}

/**
 * Scores 0..1 of every label; the values of a linear output as they are.
 *
 * Probabilities stay; logits become a softmax, or the sigmoid of the contract's sensitivity.
 *
 * @throws InputError the model gave NaN or infinity.
 */
export function labelScores(output: Output, values: ArrayLike<number>): Float64Array {
  const numbers = Float64Array.from(values);
  if (!numbers.every(Number.isFinite)) throw new InputError(`output ${output.name} is NaN or infinite`);
  if (output.sensitivity) {
    const { value, limit } = output.sensitivity;
    return numbers.map((logit) => 1 / (1 + Math.exp(-value * Math.min(limit, Math.max(-limit, logit)))));
  }
  return output.activation === "logits" ? softmax(numbers) : numbers;
}

function softmax(logits: Float64Array): Float64Array {
  const largest = logits.reduce((most, value) => Math.max(most, value), -Infinity);
  const powers = logits.map((value) => Math.exp(value - largest));
  const sum = powers.reduce((total, value) => total + value, 0);
  return powers.map((value) => value / sum);
}

/** The windows of one recording as one: mean, maximum, or log-mean-exp. */
export function pooled(rows: readonly ArrayLike<number>[], pooling: Pooling): Float64Array {
  const [first] = rows;
  if (first === undefined) throw new InputError("there is no window whose scores could be joined");
  return Float64Array.from({ length: first.length }, (_, label) => {
    const largest = rows.reduce((most, row) => Math.max(most, row[label]!), -Infinity);
    if (pooling === "max") return largest;
    if (pooling === "mean") return rows.reduce((sum, row) => sum + row[label]!, 0) / rows.length;
    const { sharpness } = pooling;
    const powers = rows.reduce((sum, row) => sum + Math.exp(sharpness * (row[label]! - largest)), 0);
    return largest + Math.log(powers / rows.length) / sharpness;
  });
}

/** The best labels, highest first; of equal ones the earlier. */
export function ranked(
  scores: ArrayLike<number>,
  labels: readonly string[],
  top: number,
  thresholds?: readonly (number | null)[] | null,
  common?: number | null,
): Ranked[] {
  const order = Array.from(scores, (_, index) => index);
  order.sort((one, other) => scores[other]! - scores[one]! || one - other);
  return order.slice(0, top).map((index) => {
    const threshold = thresholds?.[index] ?? common ?? undefined;
    const plain = { index, label: labels[index] ?? String(index), score: scores[index]! };
    return threshold === undefined ? plain : { ...plain, threshold };
  });
}
