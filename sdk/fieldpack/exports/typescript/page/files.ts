/** From files that a person gives to pixels and samples. */

import { fromRgba } from "../fieldpack/pixels.ts";
import type { Pixels } from "../fieldpack/pixels.ts";
import type { Recording } from "../fieldpack/sound.ts";
import { isWav, readWav } from "../fieldpack/wav.ts";

const STRIP_PIXELS = 4_000_000;
const DECODED_HZ = 48000;

/** The pixels of a picture, upright and without a colour profile; by strips, since phones bound a canvas. */
export async function pixelsOf(file: Blob): Promise<Pixels> {
  const bitmap = await decoded(file);
  const { width, height } = bitmap;
  const rgba = new Uint8ClampedArray(width * height * 4);
  const rows = Math.max(1, Math.floor(STRIP_PIXELS / width));
  for (let top = 0; top < height; top += rows) {
    const count = Math.min(rows, height - top);
    const canvas = document.createElement("canvas");
    [canvas.width, canvas.height] = [width, count];
    const context = canvas.getContext("2d", { willReadFrequently: true })!;
    context.drawImage(bitmap, 0, -top);
    rgba.set(context.getImageData(0, 0, width, count).data, top * width * 4);
  }
  bitmap.close();
  return fromRgba(width, height, rgba);
}

async function decoded(file: Blob): Promise<ImageBitmap> {
  try {
    return await createImageBitmap(file, {
      colorSpaceConversion: "none",
      imageOrientation: "from-image",
      premultiplyAlpha: "none",
    });
  } catch {
    throw new Error("This file is no picture that the browser can read.");
  }
}

/** A picture of prepared pixels, for people. */
export function drawn(pixels: Pixels, bgr: boolean): HTMLCanvasElement {
  const canvas = document.createElement("canvas");
  [canvas.width, canvas.height] = [pixels.width, pixels.height];
  const image = new ImageData(pixels.width, pixels.height);
  const { channels, data } = pixels;
  for (let pixel = 0; pixel < pixels.width * pixels.height; pixel++) {
    for (let channel = 0; channel < 3; channel++) {
      const from = channels === 1 ? 0 : bgr ? 2 - channel : channel;
      image.data[pixel * 4 + channel] = data[pixel * channels + from]!;
    }
    image.data[pixel * 4 + 3] = 255;
  }
  canvas.getContext("2d")!.putImageData(image, 0, 0);
  return canvas;
}

/** A recording; other files than WAV are decoded, and resampled to 48 kHz, by the browser. */
export async function recordingOf(file: Blob): Promise<{ recording: Recording; exact: boolean }> {
  const bytes = await file.arrayBuffer();
  if (isWav(bytes)) return { recording: readWav(bytes), exact: true };
  const context = new OfflineAudioContext(1, 1, DECODED_HZ);
  let buffer: AudioBuffer;
  try {
    buffer = await context.decodeAudioData(bytes);
  } catch {
    throw new Error("This file is no recording that the browser can read.");
  }
  const channels = Array.from({ length: buffer.numberOfChannels }, (_, index) => buffer.getChannelData(index));
  return { recording: { sampleRateHz: buffer.sampleRate, channels }, exact: false };
}
