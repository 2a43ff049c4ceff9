import { InputError } from "./contract.js";
export function labelScores(output, values) {
    const numbers = Float64Array.from(values);
    if (!numbers.every(Number.isFinite))
        throw new InputError(`output ${output.name} is NaN or infinite`);
    if (output.sensitivity) {
        const { value, limit } = output.sensitivity;
        return numbers.map((logit) => 1 / (1 + Math.exp(-value * Math.min(limit, Math.max(-limit, logit)))));
    }
    return output.activation === "logits" ? softmax(numbers) : numbers;
}
function softmax(logits) {
    const largest = logits.reduce((most, value) => Math.max(most, value), -Infinity);
    const powers = logits.map((value) => Math.exp(value - largest));
    const sum = powers.reduce((total, value) => total + value, 0);
    return powers.map((value) => value / sum);
}
export function pooled(rows, pooling) {
    const [first] = rows;
    if (first === undefined)
        throw new InputError("there is no window whose scores could be joined");
    return Float64Array.from({ length: first.length }, (_, label) => {
        const largest = rows.reduce((most, row) => Math.max(most, row[label]), -Infinity);
        if (pooling === "max")
            return largest;
        if (pooling === "mean")
            return rows.reduce((sum, row) => sum + row[label], 0) / rows.length;
        const { sharpness } = pooling;
        const powers = rows.reduce((sum, row) => sum + Math.exp(sharpness * (row[label] - largest)), 0);
        return largest + Math.log(powers / rows.length) / sharpness;
    });
}
export function ranked(scores, labels, top, thresholds, common) {
    const order = Array.from(scores, (_, index) => index);
    order.sort((one, other) => scores[other] - scores[one] || one - other);
    return order.slice(0, top).map((index) => {
        const threshold = thresholds?.[index] ?? common ?? undefined;
        const plain = { index, label: labels[index] ?? String(index), score: scores[index] };
        return threshold === undefined ? plain : { ...plain, threshold };
    });
}
