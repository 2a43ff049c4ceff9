import { detections } from "../fieldpack/detections.js";
import { prepareImage } from "../fieldpack/image.js";
import { encodePlace } from "../fieldpack/location.js";
import { readCellTable } from "../fieldpack/location.js";
import { labelScores, pooled } from "../fieldpack/scores.js";
import { framing, heard, scaled, windows } from "../fieldpack/sound.js";
import { array, fetched } from "./description.js";
import { openEngine } from "./engine.js";
export class Model {
    about;
    engine;
    frontEnd;
    cells;
    constructor(about, engine, frontEnd) {
        this.about = about;
        this.engine = engine;
        this.frontEnd = frontEnd;
    }
    static async open(about) {
        const frontEnd = about.front_end ? await openEngine(about.front_end) : null;
        return new Model(about, await openEngine(about.model), frontEnd);
    }
    run(prepared) {
        return this.engine.run(prepared);
    }
    async ofPrepared(prepared) {
        const begin = performance.now();
        const values = await this.run(prepared);
        return { scores: this.scored(values), milliseconds: performance.now() - begin };
    }
    seen(picture) {
        return prepareImage(picture, this.about.input);
    }
    async ofPlace(place) {
        const input = this.about.input;
        const needed = input.elevation_table || input.features || (input.snap_resolution ?? null) !== null;
        if (needed)
            this.cells ??= cellsOf(this.about, input);
        return this.ofPrepared(encodePlace(place, input, needed ? await this.cells : undefined));
    }
    async ofRecording(recording, progress) {
        const input = this.about.input;
        const { front_end: spec } = input;
        const begin = performance.now();
        const stored = this.about.resampling[String(recording.sampleRateHz)];
        const filter = stored === undefined ? undefined : (await array(stored)).data;
        const samples = heard(recording, spec, filter);
        const cut = windows(samples, framing(input, this.about.front_end?.inputs[0]?.shape.at(-1)));
        if (cut.length === 0)
            throw new Error("The recording is too short for one window.");
        const rows = [];
        for (const [index, window] of cut.entries()) {
            rows.push(this.scored(await this.run(await this.windowOf(window.samples, input))));
            progress((index + 1) / cut.length);
        }
        const rate = spec.sample_rate_hz;
        const scored = cut.map((window, index) => ({
            startS: window.start / rate,
            endS: window.end / rate,
            rows: rows[index],
        }));
        const durationS = recording.channels[0].length / recording.sampleRateHz;
        return {
            scores: this.about.outputs.map((_, output) => pooled(rows.map((row) => row[output]), spec.windows.pooling)),
            milliseconds: performance.now() - begin,
            durationS,
            detections: this.detected(scored, input, durationS),
        };
    }
    async windowOf(samples, input) {
        if (this.frontEnd)
            return (await this.frontEnd.run(samples))[0];
        return scaled(samples, input.front_end.value_scale);
    }
    detected(scored, input, durationS) {
        const output = this.about.outputs.findIndex((item) => item.labels.length > 0);
        if (output < 0)
            return [];
        const list = scored.map(({ startS, endS, rows }) => ({ startS, endS, scores: rows[output] }));
        const threshold = this.about.outputs[output].contract.threshold ?? null;
        return detections(list, threshold, input.front_end.windows.pooling, durationS);
    }
    scored(values) {
        return this.about.outputs.map(({ contract }, index) => contract.activation === "linear" ? Float64Array.from(values[index]) : labelScores(contract, values[index]));
    }
}
async function cellsOf(about, input) {
    const library = await import("h3-js");
    const tables = {};
    for (const table of [input.elevation_table, input.features]) {
        if (table)
            tables[table.file] = readCellTable(await (await fetched(about.tables[table.file])).text(), table);
    }
    return { cellOf: library.latLngToCell, centreOf: library.cellToLatLng, tables };
}
