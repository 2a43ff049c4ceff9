/** Times the model in this page; `fieldpack bench run BUNDLE --on web` calls it, the page itself does not. */

import { rowOf } from "../fieldpack/npy.ts";
import { array, describe } from "./description.ts";
import { Model } from "./model.ts";

export interface BenchPlan {
  readonly warmUps: number;
  readonly samples: number;
  readonly longestS: number;
  readonly shortestS: number;
  readonly examples: number;
}

export interface BenchResult {
  readonly loadMs: number;
  readonly firstRunMs: number;
  /** One inference each, with what goes into the runtime's memory and comes out of it. */
  readonly times: readonly number[];
  /** Example by example, the outputs in the order of the contract. */
  readonly outputs: readonly (readonly (readonly number[])[])[];
}

export async function bench(plan: BenchPlan): Promise<BenchResult> {
  const about = await describe();
  const inputs = await array(about.golden.input);
  const begin = performance.now();
  const model = await Model.open(about);
  const loadMs = performance.now() - begin;
  const timed = async (): Promise<number> => {
    const start = performance.now();
    await model.run(rowOf(inputs, 0));
    return performance.now() - start;
  };
  const firstRunMs = await timed();
  for (let run = 0; run < plan.warmUps; run++) await timed();
  const times: number[] = [];
  const start = performance.now();
  const spent = (): number => (performance.now() - start) / 1000;
  while ((times.length < plan.samples || spent() < plan.shortestS) && spent() < plan.longestS) times.push(await timed());
  const outputs: number[][][] = [];
  for (let index = 0; index < Math.min(plan.examples, about.golden.count); index++) {
    outputs.push((await model.run(rowOf(inputs, index))).map((values) => [...values]));
  }
  return { loadMs, firstRunMs, times, outputs };
}
