/** Runs the golden vectors of the bundle on this device, and compares with what the flavour gave when it was built. */

import { rowOf } from "../fieldpack/npy.ts";
import { array } from "./description.ts";
import type { Description } from "./description.ts";
import type { Model } from "./model.ts";

export interface GoldenResult {
  readonly count: number;
  /** How many answers have the same best label, over all outputs that have labels. */
  readonly sameBest: number;
  readonly compared: number;
  readonly largestGap: number;
  readonly tolerance: number;
  readonly passed: boolean;
  /** Milliseconds of each run. */
  readonly times: readonly number[];
  /** What each run gave, flat, for those who read the page by program. */
  readonly outputs: readonly (readonly number[])[];
}

export async function checkGolden(about: Description, model: Model): Promise<GoldenResult> {
  const inputs = await array(about.golden.input);
  const wanted = await Promise.all(about.golden.outputs.map(array));
  let [sameBest, compared, largestGap] = [0, 0, 0];
  const times: number[] = [];
  const outputs: number[][] = [];
  for (let index = 0; index < about.golden.count; index++) {
    const begin = performance.now();
    const found = await model.run(rowOf(inputs, index));
    times.push(performance.now() - begin);
    outputs.push(found.flatMap((values) => [...values]));
    for (const [output, values] of found.entries()) {
      const stored = rowOf(wanted[output]!, index);
      largestGap = Math.max(largestGap, gap(values, stored));
      if (about.outputs[output]!.labels.length === 0) continue;
      compared++;
      if (best(values) === best(stored)) sameBest++;
    }
  }
  const { count, tolerance } = about.golden;
  const passed = largestGap <= tolerance && sameBest === compared;
  return { count, sameBest, compared, largestGap, tolerance, passed, times, outputs };
}

function gap(one: ArrayLike<number>, other: ArrayLike<number>): number {
  let largest = one.length === other.length ? 0 : Infinity;
  for (let at = 0; at < one.length; at++) {
    const distance = Math.abs(one[at]! - other[at]!);
    largest = distance <= largest ? largest : Number.isNaN(distance) ? Infinity : distance;
  }
  return largest;
}

function best(values: ArrayLike<number>): number {
  return Array.from(values).reduce((top, value, index) => (value > values[top]! ? index : top), 0);
}
