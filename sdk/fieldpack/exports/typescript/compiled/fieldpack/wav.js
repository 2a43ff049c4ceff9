import { InputError } from "./contract.js";
const PCM = 1;
const FLOAT = 3;
const EXTENSIBLE = 0xfffe;
export function isWav(bytes) {
    return bytes.byteLength >= 12 && word(new DataView(bytes), 0) === "RIFF" && word(new DataView(bytes), 8) === "WAVE";
}
export function readWav(bytes) {
    const view = new DataView(bytes);
    if (!isWav(bytes))
        throw new InputError("the file is no WAV file");
    let form;
    for (let at = 12; at + 8 <= view.byteLength;) {
        const [name, size] = [word(view, at), view.getUint32(at + 4, true)];
        const body = at + 8;
        if (name === "fmt ")
            form = formOf(view, body, size);
        if (name === "data" && form)
            return samplesOf(view, body, Math.min(size, view.byteLength - body), form);
        at = body + size + (size % 2);
    }
    throw new InputError("the WAV file has no samples");
}
function word(view, at) {
    return String.fromCharCode(...[0, 1, 2, 3].map((offset) => view.getUint8(at + offset)));
}
function formOf(view, at, size) {
    if (size < 16 || at + size > view.byteLength)
        throw new InputError("the header of the WAV file is cut off");
    const stated = view.getUint16(at, true);
    const code = stated === EXTENSIBLE && size >= 26 ? view.getUint16(at + 24, true) : stated;
    const form = {
        code,
        channels: view.getUint16(at + 2, true),
        rate: view.getUint32(at + 4, true),
        bits: view.getUint16(at + 14, true),
    };
    const known = code === PCM ? [8, 16, 24, 32] : code === FLOAT ? [32, 64] : [];
    if (!known.includes(form.bits) || form.channels < 1 || form.rate < 1) {
        throw new InputError(`the WAV file has encoding ${code} of ${form.bits} bits; PCM and floats can be read`);
    }
    return form;
}
function samplesOf(view, start, size, form) {
    const width = form.bits / 8;
    const frames = Math.floor(size / (width * form.channels));
    const read = reader(view, form);
    const channels = Array.from({ length: form.channels }, (_, channel) => Float32Array.from({ length: frames }, (_, frame) => read(start + (frame * form.channels + channel) * width)));
    return { sampleRateHz: form.rate, channels };
}
function reader(view, { code, bits }) {
    if (code === FLOAT)
        return bits === 32 ? (at) => view.getFloat32(at, true) : (at) => view.getFloat64(at, true);
    if (bits === 8)
        return (at) => (view.getUint8(at) - 128) / 128;
    if (bits === 16)
        return (at) => view.getInt16(at, true) / 2 ** 15;
    if (bits === 24)
        return (at) => ((view.getInt8(at + 2) << 16) | view.getUint16(at, true)) / 2 ** 23;
    return (at) => view.getInt32(at, true) / 2 ** 31;
}
