import { fromRgba } from "../fieldpack/pixels.js";
import { isWav, readWav } from "../fieldpack/wav.js";
const STRIP_PIXELS = 4_000_000;
const DECODED_HZ = 48000;
export async function pixelsOf(file) {
    const bitmap = await decoded(file);
    const { width, height } = bitmap;
    const rgba = new Uint8ClampedArray(width * height * 4);
    const rows = Math.max(1, Math.floor(STRIP_PIXELS / width));
    for (let top = 0; top < height; top += rows) {
        const count = Math.min(rows, height - top);
        const canvas = document.createElement("canvas");
        [canvas.width, canvas.height] = [width, count];
        const context = canvas.getContext("2d", { willReadFrequently: true });
        context.drawImage(bitmap, 0, -top);
        rgba.set(context.getImageData(0, 0, width, count).data, top * width * 4);
    }
    bitmap.close();
    return fromRgba(width, height, rgba);
}
async function decoded(file) {
    try {
        return await createImageBitmap(file, {
            colorSpaceConversion: "none",
            imageOrientation: "from-image",
            premultiplyAlpha: "none",
        });
    }
    catch {
        throw new Error("This file is no picture that the browser can read.");
    }
}
export function drawn(pixels, bgr) {
    const canvas = document.createElement("canvas");
    [canvas.width, canvas.height] = [pixels.width, pixels.height];
    const image = new ImageData(pixels.width, pixels.height);
    const { channels, data } = pixels;
    for (let pixel = 0; pixel < pixels.width * pixels.height; pixel++) {
        for (let channel = 0; channel < 3; channel++) {
            const from = channels === 1 ? 0 : bgr ? 2 - channel : channel;
            image.data[pixel * 4 + channel] = data[pixel * channels + from];
        }
        image.data[pixel * 4 + 3] = 255;
    }
    canvas.getContext("2d").putImageData(image, 0, 0);
    return canvas;
}
export async function recordingOf(file) {
    const bytes = await file.arrayBuffer();
    if (isWav(bytes))
        return { recording: readWav(bytes), exact: true };
    const context = new OfflineAudioContext(1, 1, DECODED_HZ);
    let buffer;
    try {
        buffer = await context.decodeAudioData(bytes);
    }
    catch {
        throw new Error("This file is no recording that the browser can read.");
    }
    const channels = Array.from({ length: buffer.numberOfChannels }, (_, index) => buffer.getChannelData(index));
    return { recording: { sampleRateHz: buffer.sampleRate, channels }, exact: false };
}
