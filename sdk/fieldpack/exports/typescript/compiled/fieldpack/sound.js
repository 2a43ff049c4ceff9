import { InputError } from "./contract.js";
import { resample } from "./resampler.js";
const INT16 = 32768;
const SILENT = 1e-10;
export function mono(recording, mix) {
    const { channels } = recording;
    if (mix === "first" || channels.length === 1)
        return channels[0];
    return Float32Array.from(channels[0], (_, at) => {
        let sum = 0;
        for (const channel of channels)
            sum += channel[at];
        return sum / channels.length;
    });
}
export function heard(recording, spec, coefficients) {
    const samples = mono(recording, spec.channel_mix);
    if (samples.length === 0)
        throw new InputError("a sound holds no samples");
    if (!samples.every(Number.isFinite))
        throw new InputError("a sound holds NaN or infinite samples");
    checkRate(recording.sampleRateHz, spec);
    const rates = { fromHz: recording.sampleRateHz, toHz: spec.sample_rate_hz };
    return resample(samples, { ...rates, resampler: spec.resampler, coefficients });
}
function checkRate(rateHz, spec) {
    if (rateHz < spec.sample_rate_hz && spec.low_rate === "refuse") {
        throw new InputError(`a sound of ${rateHz} Hz holds nothing above ${rateHz / 2000} kHz; ` +
            `the model needs ${spec.sample_rate_hz} Hz or more`);
    }
}
export function trimmed(recording, spec, coefficients) {
    const longest = Math.trunc(spec.max_seconds * recording.sampleRateHz);
    const channels = recording.channels.map((channel) => channel.subarray(0, longest));
    const clip = heard({ ...recording, channels }, spec, coefficients);
    const audible = spec.remove_silence === "none" ? clip : withoutSilence(clip, spec.remove_silence);
    const shortest = Math.trunc(spec.min_seconds * spec.sample_rate_hz);
    if (audible.length >= shortest)
        return audible;
    return Float32Array.from({ length: shortest }, (_, at) => audible[at % audible.length]);
}
export function withoutSilence(samples, rule) {
    const half = Math.floor(rule.frame_length / 2);
    const padded = samples.length + 2 * half;
    const count = 1 + Math.floor(Math.max(0, padded - rule.frame_length) / rule.hop_length);
    const length = Math.min(rule.frame_length, padded);
    const level = Float64Array.from({ length: count }, (_, frame) => {
        let sum = 0;
        for (let at = frame * rule.hop_length - half, left = length; left > 0; at++, left--) {
            const value = samples[at] ?? 0;
            sum += Math.fround(value * value);
        }
        return Math.max(sum / length, SILENT);
    });
    const loudest = level.reduce((most, value) => Math.max(most, value), 0);
    const loud = Array.from(level, (value) => 10 * Math.log10(value / loudest) > -rule.top_db);
    return samples.filter((_, at) => loud[Math.floor(at / rule.hop_length)] === true);
}
export function framing(contract, graphSamples) {
    const { windows } = contract.front_end;
    const { last } = windows;
    if (windows.samples !== "none") {
        return { size: windows.samples, step: stepOf(windows.samples, windows.overlap), last, unit: 1 };
    }
    if (contract.kind !== "spectrogram" || graphSamples === undefined) {
        throw new InputError(`input ${contract.name} states no length of its windows`);
    }
    const unit = contract.front_end.hop_length;
    return { size: graphSamples, step: unit * stepOf(contract.frames, windows.overlap), last, unit };
}
function stepOf(size, overlap) {
    return size - Math.floor(size * overlap);
}
export function windows(samples, rule) {
    const made = [];
    let start = 0;
    for (; start + rule.size <= samples.length; start += rule.step)
        made.push(windowAt(samples, start, rule.size));
    const covered = made.length === 0 ? 0 : start - rule.step + rule.size;
    if (rule.last === "drop" || samples.length - covered < rule.unit)
        return made;
    if (rule.last === "shift" && made.length > 0) {
        const from = Math.floor((samples.length - rule.size) / rule.unit) * rule.unit;
        return [...made, windowAt(samples, from, rule.size)];
    }
    return [...made, windowAt(samples, start, rule.size)];
}
function windowAt(samples, start, size) {
    const window = new Float32Array(size);
    window.set(samples.subarray(start, start + size));
    return { start, end: start + size, samples: window };
}
export function scaled(samples, scale) {
    if (scale.kind === "unit")
        return samples;
    const values = Float64Array.from(samples);
    if (scale.kind === "int16")
        return Float32Array.from(values, (value) => value * INT16);
    if (scale.kind === "min_max") {
        const least = values.reduce((low, value) => Math.min(low, value), Infinity);
        const range = values.reduce((high, value) => Math.max(high, value - least), 0) + scale.epsilon;
        return Float32Array.from(values, (value) => (2 * (value - least)) / range - 1);
    }
    const mean = scale.remove_mean ? values.reduce((sum, value) => sum + value, 0) / values.length : 0;
    const loudest = values.reduce((most, value) => Math.max(most, Math.abs(value - mean)), SILENT);
    return Float32Array.from(values, (value) => (value - mean) * (scale.peak / loudest));
}
