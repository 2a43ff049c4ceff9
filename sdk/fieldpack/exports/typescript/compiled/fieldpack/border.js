import { InputError } from "./contract.js";
const RANGES = {
    int8: [-128, 127],
    uint8: [0, 255],
    int32: [-(2 ** 31), 2 ** 31 - 1],
};
export function itemShape(border) {
    return border.batched === false ? border.shape : border.shape.slice(1);
}
export function feed(border, prepared) {
    const size = itemShape(border).reduce((product, length) => product * length, 1);
    if (prepared.length !== size) {
        throw new InputError(`input ${border.name} takes ${size} numbers, and ${prepared.length} came`);
    }
    const scaled = normalised(border, prepared);
    const placed = border.layout === "NCHW" ? channelsFirst(scaled, itemShape(border)[0]) : scaled;
    return border.quantization ? quantized(border, placed) : placed;
}
function normalised(border, prepared) {
    const tensor = Float32Array.from(prepared);
    if (!border.scale || !border.offset)
        return tensor;
    const [scale, offset] = [Float32Array.from(border.scale), Float32Array.from(border.offset)];
    for (let at = 0; at < tensor.length; at++) {
        const channel = at % scale.length;
        tensor[at] = Math.fround(tensor[at] * scale[channel]) + offset[channel];
    }
    return tensor;
}
function channelsFirst(tensor, channels) {
    const placed = new Float32Array(tensor.length);
    const pixels = tensor.length / channels;
    for (let at = 0; at < tensor.length; at++) {
        placed[(at % channels) * pixels + Math.floor(at / channels)] = tensor[at];
    }
    return placed;
}
function quantized(border, tensor) {
    const { scale, zero_point } = border.quantization;
    const [low, high] = RANGES[border.dtype];
    const step = Math.fround(scale);
    const stored = border.dtype === "int8" ? new Int8Array(tensor.length)
        : border.dtype === "uint8" ? new Uint8Array(tensor.length) : new Int32Array(tensor.length);
    for (let at = 0; at < tensor.length; at++) {
        const exact = Math.fround(tensor[at] / step);
        const near = Math.sign(exact) * Math.floor(Math.abs(exact) + 0.5);
        stored[at] = Math.min(high, Math.max(low, near + zero_point));
    }
    return stored;
}
export function fetched(border, tensor) {
    if (!border.quantization)
        return Float32Array.from(tensor);
    const { scale, zero_point } = border.quantization;
    const step = Math.fround(scale);
    return Float32Array.from(tensor, (stored) => Math.fround(stored - zero_point) * step);
}
