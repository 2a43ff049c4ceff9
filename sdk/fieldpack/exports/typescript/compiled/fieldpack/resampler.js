import { InputError } from "./contract.js";
const MOST_COEFFICIENTS = 8_000_000;
const MOST_UP = 256;
export function ratio(fromHz, toHz) {
    const common = greatestDivisor(fromHz, toHz);
    return { up: toHz / common, down: fromHz / common };
}
function greatestDivisor(one, other) {
    return other === 0 ? one : greatestDivisor(other, one % other);
}
export function resample(samples, change) {
    const { fromHz, toHz, resampler } = change;
    if (fromHz === toHz)
        return samples;
    if (resampler.kind !== "polyphase") {
        throw new InputError(`a sound of ${fromHz} Hz would have to be resampled by soxr; give one of ${toHz} Hz`);
    }
    if (!Number.isInteger(fromHz) || fromHz < 1 || toHz > MOST_UP * fromHz) {
        throw new InputError(`a sound cannot be resampled from ${fromHz} to ${toHz} Hz`);
    }
    const steps = ratio(fromHz, toHz);
    return filtered(samples, steps, change.coefficients ?? halfFilter(steps, resampler));
}
function filtered(samples, { up, down }, half) {
    const made = new Float32Array(Math.ceil((samples.length * up) / down));
    const last = half.length - 1;
    for (let at = 0; at < made.length; at++) {
        const centre = at * down;
        const first = Math.max(0, Math.ceil((centre - last) / up));
        const end = Math.min(samples.length - 1, Math.floor((centre + last) / up));
        let sum = 0;
        for (let from = first; from <= end; from++)
            sum += samples[from] * half[Math.abs(centre - from * up)];
        made[at] = sum;
    }
    return made;
}
export function halfFilter({ up, down }, settings) {
    const cutoff = settings.rolloff * Math.min(1, up / down);
    const reach = settings.zero_crossings / cutoff;
    const count = Math.floor(reach * up) + 1;
    if (2 * count > MOST_COEFFICIENTS) {
        throw new InputError(`the rates have the ratio ${up} / ${down}, which takes a filter of ${2 * count} coefficients`);
    }
    const half = Float64Array.from({ length: count }, (_, index) => {
        const time = index / up;
        const window = bessel(settings.kaiser_beta * Math.sqrt(Math.max(0, 1 - (time / reach) ** 2)));
        return sinc(cutoff * time) * window;
    });
    const sum = half.reduce((total, value) => total + value, 0) * 2 - half[0];
    return Float32Array.from(half, (value) => (value * up) / sum);
}
function sinc(x) {
    return x === 0 ? 1 : Math.sin(Math.PI * x) / (Math.PI * x);
}
function bessel(x) {
    let [sum, term] = [1, 1];
    for (let order = 1; term > sum * 1e-17; order++) {
        term *= (x / (2 * order)) ** 2;
        sum += term;
    }
    return sum;
}
