import { pooled } from "./scores.js";
export function detections(windows, threshold, pooling, durationS) {
    const runs = new Map();
    const found = [];
    const end = (index, run) => {
        const score = pooled(run.scores.map((value) => [value]), pooling)[0];
        found.push({ index, startS: run.startS, endS: Math.min(run.endS, durationS), score });
        runs.delete(index);
    };
    for (const window of windows) {
        const here = present(window.scores, threshold);
        for (const [index, run] of runs)
            if (!here.has(index) || window.startS > run.endS)
                end(index, run);
        for (const index of here) {
            const run = runs.get(index) ?? { startS: window.startS, endS: window.endS, scores: [] };
            runs.set(index, run);
            run.endS = window.endS;
            run.scores.push(window.scores[index]);
        }
    }
    for (const [index, run] of runs)
        end(index, run);
    return found.sort((one, other) => one.startS - other.startS || other.score - one.score);
}
function present(scores, threshold) {
    const values = Array.from(scores);
    if (threshold === null)
        return new Set([values.indexOf(Math.max(...values))]);
    return new Set(values.flatMap((score, index) => (score >= threshold ? [index] : [])));
}
