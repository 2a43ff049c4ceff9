/** The whole way from what a person gives to scores: prepare, run, score, as the contract says. */

import type { ImageInput, LocationInput, SoundInput } from "../fieldpack/contract.ts";
import { detections } from "../fieldpack/detections.ts";
import type { Detection, ScoredWindow } from "../fieldpack/detections.ts";
import { prepareImage } from "../fieldpack/image.ts";
import { encodePlace } from "../fieldpack/location.ts";
import type { Cells, Place } from "../fieldpack/location.ts";
import { readCellTable } from "../fieldpack/location.ts";
import type { Pixels } from "../fieldpack/pixels.ts";
import { labelScores, pooled } from "../fieldpack/scores.ts";
import { framing, heard, scaled, windows } from "../fieldpack/sound.ts";
import type { Recording } from "../fieldpack/sound.ts";
import { array, fetched } from "./description.ts";
import type { Description } from "./description.ts";
import { openEngine } from "./engine.ts";
import type { Engine } from "./engine.ts";

/** Scores of each output, or the numbers of a linear one. */
export interface Answer {
  readonly scores: readonly Float64Array[];
  readonly milliseconds: number;
}

export interface Heard extends Answer {
  readonly durationS: number;
  /** Of the first output that has labels. */
  readonly detections: readonly Detection[];
}

export class Model {
  private readonly about: Description;
  private readonly engine: Engine;
  private readonly frontEnd: Engine | null;
  private cells: Promise<Cells> | undefined;

  private constructor(about: Description, engine: Engine, frontEnd: Engine | null) {
    this.about = about;
    this.engine = engine;
    this.frontEnd = frontEnd;
  }

  static async open(about: Description): Promise<Model> {
    const frontEnd = about.front_end ? await openEngine(about.front_end) : null;
    return new Model(about, await openEngine(about.model), frontEnd);
  }

  /** What the file gives for a prepared example, before scores. */
  run(prepared: ArrayLike<number>): Promise<Float32Array[]> {
    return this.engine.run(prepared);
  }

  async ofPrepared(prepared: ArrayLike<number>): Promise<Answer> {
    const begin = performance.now();
    const values = await this.run(prepared);
    return { scores: this.scored(values), milliseconds: performance.now() - begin };
  }

  /** The pixels that the model sees. */
  seen(picture: Pixels): Pixels {
    return prepareImage(picture, this.about.input as ImageInput);
  }

  async ofPlace(place: Place): Promise<Answer> {
    const input = this.about.input as LocationInput;
    const needed = input.elevation_table || input.features || (input.snap_resolution ?? null) !== null;
    if (needed) this.cells ??= cellsOf(this.about, input);
    return this.ofPrepared(encodePlace(place, input, needed ? await this.cells : undefined));
  }

  async ofRecording(recording: Recording, progress: (share: number) => void): Promise<Heard> {
    const input = this.about.input as SoundInput;
    const { front_end: spec } = input;
    const begin = performance.now();
    const stored = this.about.resampling[String(recording.sampleRateHz)];
    const filter = stored === undefined ? undefined : ((await array(stored)).data as Float32Array);
    const samples = heard(recording, spec, filter);
    const cut = windows(samples, framing(input, this.about.front_end?.inputs[0]?.shape.at(-1)));
    if (cut.length === 0) throw new Error("The recording is too short for one window.");
    const rows: Float64Array[][] = [];
    for (const [index, window] of cut.entries()) {
      rows.push(this.scored(await this.run(await this.windowOf(window.samples, input))));
      progress((index + 1) / cut.length);
    }
    const rate = spec.sample_rate_hz;
    const scored = cut.map((window, index) => ({
      startS: window.start / rate,
      endS: window.end / rate,
      rows: rows[index]!,
    }));
    const durationS = recording.channels[0]!.length / recording.sampleRateHz;
    return {
      scores: this.about.outputs.map((_, output) => pooled(rows.map((row) => row[output]!), spec.windows.pooling)),
      milliseconds: performance.now() - begin,
      durationS,
      detections: this.detected(scored, input, durationS),
    };
  }

  private async windowOf(samples: Float32Array, input: SoundInput): Promise<ArrayLike<number>> {
    if (this.frontEnd) return (await this.frontEnd.run(samples))[0]!;
    return scaled(samples, input.front_end.value_scale);
  }

  private detected(
    scored: readonly { startS: number; endS: number; rows: readonly Float64Array[] }[],
    input: SoundInput,
    durationS: number,
  ): Detection[] {
    const output = this.about.outputs.findIndex((item) => item.labels.length > 0);
    if (output < 0) return [];
    const list: ScoredWindow[] = scored.map(({ startS, endS, rows }) => ({ startS, endS, scores: rows[output]! }));
    const threshold = this.about.outputs[output]!.contract.threshold ?? null;
    return detections(list, threshold, input.front_end.windows.pooling, durationS);
  }

  private scored(values: readonly Float32Array[]): Float64Array[] {
    return this.about.outputs.map(({ contract }, index) =>
      contract.activation === "linear" ? Float64Array.from(values[index]!) : labelScores(contract, values[index]!),
    );
  }
}

async function cellsOf(about: Description, input: LocationInput): Promise<Cells> {
  const library = await import("h3-js");
  const tables: Record<string, ReadonlyMap<string, readonly number[]>> = {};
  for (const table of [input.elevation_table, input.features]) {
    if (table) tables[table.file] = readCellTable(await (await fetched(about.tables[table.file]!)).text(), table);
  }
  return { cellOf: library.latLngToCell, centreOf: library.cellToLatLng, tables };
}
