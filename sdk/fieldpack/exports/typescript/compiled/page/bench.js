import { rowOf } from "../fieldpack/npy.js";
import { array, describe } from "./description.js";
import { Model } from "./model.js";
export async function bench(plan) {
    const about = await describe();
    const inputs = await array(about.golden.input);
    const begin = performance.now();
    const model = await Model.open(about);
    const loadMs = performance.now() - begin;
    const timed = async () => {
        const start = performance.now();
        await model.run(rowOf(inputs, 0));
        return performance.now() - start;
    };
    const firstRunMs = await timed();
    for (let run = 0; run < plan.warmUps; run++)
        await timed();
    const times = [];
    const start = performance.now();
    const spent = () => (performance.now() - start) / 1000;
    while ((times.length < plan.samples || spent() < plan.shortestS) && spent() < plan.longestS)
        times.push(await timed());
    const outputs = [];
    for (let index = 0; index < Math.min(plan.examples, about.golden.count); index++) {
        outputs.push((await model.run(rowOf(inputs, index))).map((values) => [...values]));
    }
    return { loadMs, firstRunMs, times, outputs };
}
