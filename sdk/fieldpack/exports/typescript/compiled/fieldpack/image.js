import { cropped, gray, swapped } from "./pixels.js";
import { resized } from "./resize.js";
export function prepareImage(picture, contract) {
    const coloured = contract.color_order === "gray" ? gray(picture) : picture;
    const { fit, method } = contract.resize;
    const { width, height } = contract;
    const sized = fit.kind === "pad" ? padded(coloured, contract, fit.value) : resized(cut(coloured, contract, fit), width, height, method);
    return contract.color_order === "bgr" ? swapped(sized) : sized;
}
function cut(picture, contract, fit) {
    if (fit.kind !== "center_crop")
        return picture;
    const scale = Math.min(picture.width / contract.width, picture.height / contract.height) * fit.fraction;
    const width = Math.min(picture.width, rounded(contract.width * scale));
    const height = Math.min(picture.height, rounded(contract.height * scale));
    const [left, top] = [(picture.width - width) >> 1, (picture.height - height) >> 1];
    return cropped(picture, left, top, width, height);
}
function padded(picture, contract, value) {
    const scale = Math.min(contract.width / picture.width, contract.height / picture.height);
    const width = Math.min(contract.width, rounded(picture.width * scale));
    const height = Math.min(contract.height, rounded(picture.height * scale));
    const inner = resized(picture, width, height, contract.resize.method);
    const { channels } = inner;
    const data = new Uint8Array(contract.width * contract.height * channels).fill(value);
    const [left, top] = [(contract.width - width) >> 1, (contract.height - height) >> 1];
    for (let y = 0; y < height; y++) {
        const row = inner.data.subarray(y * width * channels, (y + 1) * width * channels);
        data.set(row, ((top + y) * contract.width + left) * channels);
    }
    return { width: contract.width, height: contract.height, channels, data };
}
function rounded(value) {
    return Math.max(1, Math.floor(value + 0.5));
}
