/**
 * Decoded pixels, and what is done to their colours.
 *
 * Everything is integer arithmetic of 8 bits, as Pillow does it, so that no platform's own conversion comes in.
 */

import { InputError } from "./contract.ts";

/** Pixels row by row, `channels` bytes each, 0..255. */
export interface Pixels {
  readonly width: number;
  readonly height: number;
  readonly channels: number;
  readonly data: Uint8Array;
}

const WHITE = 255;

/**
 * RGB of what a canvas gives: RGBA, not premultiplied. Transparency is laid on white.
 *
 * @throws InputError the bytes are not 4 for each pixel.
 */
export function fromRgba(width: number, height: number, rgba: ArrayLike<number>): Pixels {
  if (width < 1 || height < 1 || rgba.length !== width * height * 4) {
    throw new InputError(`${rgba.length} bytes are no RGBA picture of ${width} by ${height} pixels`);
  }
  const data = new Uint8Array(width * height * 3);
  for (let from = 0, to = 0; to < data.length; from += 4, to += 3) {
    const alpha = rgba[from + 3]!;
    for (let channel = 0; channel < 3; channel++) {
      data[to + channel] = overWhite(rgba[from + channel]!, alpha);
    }
  }
  return { width, height, channels: 3, data };
}

/** One colour of one pixel over white; `alpha` 255 keeps it. */
function overWhite(value: number, alpha: number): number {
  if (alpha === 255) return value;
  const sum = ((value * alpha + WHITE * (255 - alpha)) << 7) + (0x80 << 7);
  return (((sum >> 8) + sum) >> 8) >> 7;
}

/** Luma of RGB pixels by ITU-R BT.601, one channel. */
export function gray(pixels: Pixels): Pixels {
  const data = new Uint8Array(pixels.width * pixels.height);
  for (let to = 0, from = 0; to < data.length; to++, from += 3) {
    const [red, green, blue] = [pixels.data[from]!, pixels.data[from + 1]!, pixels.data[from + 2]!];
    data[to] = (red * 19595 + green * 38470 + blue * 7471 + 0x8000) >> 16;
  }
  return { ...pixels, channels: 1, data };
}

/** RGB as BGR, or the other way round. */
export function swapped(pixels: Pixels): Pixels {
  const data = pixels.data.slice();
  for (let at = 0; at < data.length; at += 3) {
    data[at] = pixels.data[at + 2]!;
    data[at + 2] = pixels.data[at]!;
  }
  return { ...pixels, data };
}

/** A rectangle of the picture. */
export function cropped(pixels: Pixels, left: number, top: number, width: number, height: number): Pixels {
  const row = width * pixels.channels;
  const data = new Uint8Array(row * height);
  for (let y = 0; y < height; y++) {
    const from = ((top + y) * pixels.width + left) * pixels.channels;
    data.set(pixels.data.subarray(from, from + row), y * row);
  }
  return { width, height, channels: pixels.channels, data };
}
