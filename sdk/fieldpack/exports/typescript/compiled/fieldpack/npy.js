import { InputError } from "./contract.js";
const KINDS = {
    "<f4": Float32Array,
    "<f8": Float64Array,
    "|u1": Uint8Array,
    "|i1": Int8Array,
    "<i4": Int32Array,
};
export function readNpy(bytes) {
    const view = new DataView(bytes);
    if (bytes.byteLength < 10 || view.getUint32(0) !== 0x934e554d || view.getUint16(4) !== 0x5059) {
        throw new InputError("a file is no .npy array");
    }
    const long = view.getUint8(6) > 1;
    const start = long ? 12 : 10;
    const length = long ? view.getUint32(8, true) : view.getUint16(8, true);
    const header = new TextDecoder("latin1").decode(new Uint8Array(bytes, start, length));
    const kind = /'descr':\s*'([^']+)'/.exec(header)?.[1] ?? "";
    const shape = /'shape':\s*\(([^)]*)\)/.exec(header)?.[1];
    if (!(kind in KINDS) || shape === undefined || !/'fortran_order':\s*False/.test(header)) {
        throw new InputError(`an .npy array cannot be read: ${header.trim()}`);
    }
    const sizes = shape.split(",").map((size) => size.trim()).filter(Boolean).map(Number);
    const values = new KINDS[kind](bytes.slice(start + length));
    if (values.length !== sizes.reduce((product, size) => product * size, 1)) {
        throw new InputError("an .npy array is truncated");
    }
    return { shape: sizes, data: values };
}
export function rowOf(array, index) {
    const size = array.shape.slice(1).reduce((product, length) => product * length, 1);
    return array.data.subarray(index * size, (index + 1) * size);
}
