/**
 * Between the contract and a file's tensors: scale, layout and quantisation, as the border states them.
 *
 * Single precision throughout, as `fieldpack.runtime.border` computes.
 */

import { InputError } from "./contract.ts";
import type { Border } from "./contract.ts";

export type TensorData = Float32Array | Int8Array | Uint8Array | Int32Array;

const RANGES: Record<string, readonly [number, number]> = {
  int8: [-128, 127],
  uint8: [0, 255],
  int32: [-(2 ** 31), 2 ** 31 - 1],
};

/** Shape of one example in the tensor. */
export function itemShape(border: Border): readonly number[] {
  return border.batched === false ? border.shape : border.shape.slice(1);
}

/**
 * What the tensor takes for one prepared example.
 *
 * @param prepared pixels 0..255 or a raster in rows, columns, channels; the flat numbers of all else.
 * @throws InputError the example has another size than the tensor.
 */
export function feed(border: Border, prepared: ArrayLike<number>): TensorData {
  const size = itemShape(border).reduce((product, length) => product * length, 1);
  if (prepared.length !== size) {
    throw new InputError(`input ${border.name} takes ${size} numbers, and ${prepared.length} came`);
  }
  const scaled = normalised(border, prepared);
  const placed = border.layout === "NCHW" ? channelsFirst(scaled, itemShape(border)[0]!) : scaled;
  return border.quantization ? quantized(border, placed) : placed;
}

/** `pixel * scale + offset` for each channel. */
function normalised(border: Border, prepared: ArrayLike<number>): Float32Array {
  const tensor = Float32Array.from(prepared);
  if (!border.scale || !border.offset) return tensor;
  const [scale, offset] = [Float32Array.from(border.scale), Float32Array.from(border.offset)];
  for (let at = 0; at < tensor.length; at++) {
    const channel = at % scale.length;
    tensor[at] = Math.fround(tensor[at]! * scale[channel]!) + offset[channel]!;
  }
  return tensor;
}

function channelsFirst(tensor: Float32Array, channels: number): Float32Array {
  const placed = new Float32Array(tensor.length);
  const pixels = tensor.length / channels;
  for (let at = 0; at < tensor.length; at++) {
    placed[(at % channels) * pixels + Math.floor(at / channels)] = tensor[at]!;
  }
  return placed;
}

/** Nearest integer, half away from zero, within the type. */
function quantized(border: Border, tensor: Float32Array): TensorData {
  const { scale, zero_point } = border.quantization!;
  const [low, high] = RANGES[border.dtype]!;
  const step = Math.fround(scale);
  const stored = border.dtype === "int8" ? new Int8Array(tensor.length)
    : border.dtype === "uint8" ? new Uint8Array(tensor.length) : new Int32Array(tensor.length);
  for (let at = 0; at < tensor.length; at++) {
    const exact = Math.fround(tensor[at]! / step);
    const near = Math.sign(exact) * Math.floor(Math.abs(exact) + 0.5);
    stored[at] = Math.min(high, Math.max(low, near + zero_point));
  }
  return stored;
}

/** Real numbers of what a tensor gave. */
export function fetched(border: Border, tensor: ArrayLike<number>): Float32Array {
  if (!border.quantization) return Float32Array.from(tensor);
  const { scale, zero_point } = border.quantization;
  const step = Math.fround(scale);
  return Float32Array.from(tensor, (stored) => Math.fround(stored - zero_point) * step);
}
