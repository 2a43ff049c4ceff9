const PRECISION_BITS = 22;
const FILTERS = {
    box: { support: 0.5, weight: (x) => (x > -0.5 && x <= 0.5 ? 1 : 0) },
    bilinear: { support: 1, weight: (x) => Math.max(0, 1 - Math.abs(x)) },
    bicubic: { support: 2, weight: (x) => cubic(Math.abs(x)) },
    lanczos: { support: 3, weight: (x) => (x >= -3 && x < 3 ? sinc(x) * sinc(x / 3) : 0) },
};
function cubic(x) {
    const a = -0.5;
    if (x < 1)
        return ((a + 2) * x - (a + 3)) * x * x + 1;
    return x < 2 ? (((x - 5) * x + 8) * x - 4) * a : 0;
}
function sinc(x) {
    return x === 0 ? 1 : Math.sin(x * Math.PI) / (x * Math.PI);
}
export function resized(pixels, width, height, method) {
    if (method === "bilinear_no_antialias")
        return plainBilinear(pixels, width, height);
    if (pixels.width === width && pixels.height === height)
        return pixels;
    if (method === "nearest")
        return nearest(pixels, width, height);
    const filter = FILTERS[method];
    const across = (from) => (from.width === width ? from : rowsResized(from, width, filter));
    const down = (from) => (from.height === height ? from : columnsResized(from, height, filter));
    return columnsFirst(pixels, width, height) ? across(down(pixels)) : down(across(pixels));
}
function columnsFirst(pixels, width, height) {
    const [fewerColumns, fewerRows] = [pixels.width - width, pixels.height - height];
    return fewerRows > 0 && fewerRows > 2 * fewerColumns;
}
function taps(from, to, filter) {
    const scale = from / to;
    const wide = Math.max(scale, 1);
    const support = filter.support * wide;
    return Array.from({ length: to }, (_, position) => {
        const centre = (position + 0.5) * scale;
        const start = Math.max(0, Math.trunc(centre - support + 0.5));
        const end = Math.min(from, Math.trunc(centre + support + 0.5));
        const exact = Array.from({ length: end - start }, (_, x) => filter.weight((x + start - centre + 0.5) * (1 / wide)));
        const sum = exact.reduce((total, weight) => total + weight, 0);
        return { start, weights: Int32Array.from(exact, (weight) => fixed(sum === 0 ? weight : weight / sum)) };
    });
}
function fixed(weight) {
    return Math.trunc(weight * 2 ** PRECISION_BITS + (weight < 0 ? -0.5 : 0.5));
}
function byte(sum) {
    const value = sum >> PRECISION_BITS;
    return value < 0 ? 0 : value > 255 ? 255 : value;
}
function rowsResized(pixels, width, filter) {
    const { channels, height } = pixels;
    const data = new Uint8Array(width * height * channels);
    taps(pixels.width, width, filter).forEach(({ start, weights }, x) => {
        for (let y = 0; y < height; y++) {
            for (let channel = 0; channel < channels; channel++) {
                let sum = 1 << (PRECISION_BITS - 1);
                let at = (y * pixels.width + start) * channels + channel;
                for (let tap = 0; tap < weights.length; tap++, at += channels)
                    sum += pixels.data[at] * weights[tap];
                data[(y * width + x) * channels + channel] = byte(sum);
            }
        }
    });
    return { width, height, channels, data };
}
function columnsResized(pixels, height, filter) {
    const { channels, width } = pixels;
    const row = width * channels;
    const data = new Uint8Array(row * height);
    taps(pixels.height, height, filter).forEach(({ start, weights }, y) => {
        for (let column = 0; column < row; column++) {
            let sum = 1 << (PRECISION_BITS - 1);
            let at = start * row + column;
            for (let tap = 0; tap < weights.length; tap++, at += row)
                sum += pixels.data[at] * weights[tap];
            data[y * row + column] = byte(sum);
        }
    });
    return { width, height, channels, data };
}
function nearest(pixels, width, height) {
    const columns = positions(pixels.width, width);
    const rows = positions(pixels.height, height);
    const { channels } = pixels;
    const data = new Uint8Array(width * height * channels);
    let to = 0;
    for (const y of rows) {
        for (const x of columns) {
            const from = (y * pixels.width + x) * channels;
            for (let channel = 0; channel < channels; channel++)
                data[to++] = pixels.data[from + channel];
        }
    }
    return { width, height, channels, data };
}
function positions(from, to) {
    const found = new Int32Array(to);
    const step = from / to;
    let place = step * 0.5;
    for (let index = 0; index < to; index++, place += step)
        found[index] = Math.min(from - 1, Math.trunc(place));
    return found;
}
function plainBilinear(pixels, width, height) {
    const single = Math.fround;
    const rows = neighbours(pixels.height, height);
    const columns = neighbours(pixels.width, width);
    const { channels } = pixels;
    const data = new Uint8Array(width * height * channels);
    const between = (x, y, channel) => {
        const upper = pixels.data[(rows.low[y] * pixels.width + x) * channels + channel];
        const lower = pixels.data[(rows.high[y] * pixels.width + x) * channels + channel];
        return single(upper + single((lower - upper) * rows.share[y]));
    };
    for (let y = 0, to = 0; y < height; y++) {
        for (let x = 0; x < width; x++) {
            for (let channel = 0; channel < channels; channel++) {
                const left = between(columns.low[x], y, channel);
                const right = between(columns.high[x], y, channel);
                const mixed = single(left + single(single(right - left) * columns.share[x]));
                data[to++] = Math.floor(single(mixed + 0.5));
            }
        }
    }
    return { width, height, channels, data };
}
function neighbours(from, to) {
    const found = { low: new Int32Array(to), high: new Int32Array(to), share: new Float32Array(to) };
    for (let index = 0; index < to; index++) {
        const place = Math.min(Math.max((index + 0.5) * (from / to) - 0.5, 0), from - 1);
        found.low[index] = Math.floor(place);
        found.high[index] = Math.min(found.low[index] + 1, from - 1);
        found.share[index] = place - found.low[index];
    }
    return found;
}
