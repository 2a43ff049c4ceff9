import { rowOf } from "../fieldpack/npy.js";
import { array } from "./description.js";
export async function checkGolden(about, model) {
    const inputs = await array(about.golden.input);
    const wanted = await Promise.all(about.golden.outputs.map(array));
    let [sameBest, compared, largestGap] = [0, 0, 0];
    const times = [];
    const outputs = [];
    for (let index = 0; index < about.golden.count; index++) {
        const begin = performance.now();
        const found = await model.run(rowOf(inputs, index));
        times.push(performance.now() - begin);
        outputs.push(found.flatMap((values) => [...values]));
        for (const [output, values] of found.entries()) {
            const stored = rowOf(wanted[output], index);
            largestGap = Math.max(largestGap, gap(values, stored));
            if (about.outputs[output].labels.length === 0)
                continue;
            compared++;
            if (best(values) === best(stored))
                sameBest++;
        }
    }
    const { count, tolerance } = about.golden;
    const passed = largestGap <= tolerance && sameBest === compared;
    return { count, sameBest, compared, largestGap, tolerance, passed, times, outputs };
}
function gap(one, other) {
    let largest = one.length === other.length ? 0 : Infinity;
    for (let at = 0; at < one.length; at++) {
        const distance = Math.abs(one[at] - other[at]);
        largest = distance <= largest ? largest : Number.isNaN(distance) ? Infinity : distance;
    }
    return largest;
}
function best(values) {
    return Array.from(values).reduce((top, value, index) => (value > values[top] ? index : top), 0);
}
