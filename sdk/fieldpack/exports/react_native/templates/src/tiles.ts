/** Tiles of rasters and plain arrays, as `fieldpack.preprocess` prepares them. */

import { InputError } from "./fieldpack/contract.ts";

export interface Band {
  readonly name: string;
  readonly clip: readonly [number, number] | "none";
  readonly scaling:
    | { readonly kind: "mean_std"; readonly mean: number; readonly std: number }
    | {
        readonly kind: "range";
        readonly low: number;
        readonly high: number;
        readonly to_low: number;
        readonly to_high: number;
      };
}

export interface RasterInput {
  readonly kind: "raster";
  readonly name: string;
  readonly height: number;
  readonly width: number;
  readonly bands: readonly Band[];
  readonly no_data: number | "none";
  readonly fill: number;
  readonly mask_channel: "none" | "valid_is_1" | "missing_is_1";
}

export interface TensorInput {
  readonly kind: "tensor";
  readonly name: string;
  readonly shape: readonly number[];
  readonly low: number;
  readonly high: number;
}

/** The numbers of one tile as measured, band by band, rows of each; `masked` tells pixels without data. */
export interface Tile {
  readonly bands: readonly ArrayLike<number>[];
  readonly masked?: ArrayLike<boolean> | undefined;
}

/**
 * Clip, scale and fill a tile: rows, columns, channels.
 *
 * @throws InputError it has other bands or another size.
 */
export function prepareTile(tile: Tile, contract: RasterInput): Float32Array {
  const { bands, height, width, mask_channel: mask } = contract;
  const pixels = width * height;
  if (tile.bands.length !== bands.length || tile.bands.some((band) => band.length !== pixels)) {
    throw new InputError(`a tile has ${bands.length} bands of ${height} rows and ${width} columns`);
  }
  const channels = bands.length + (mask === "none" ? 0 : 1);
  const made = new Float32Array(pixels * channels);
  for (let pixel = 0; pixel < pixels; pixel++) {
    const gone = missing(tile, contract, pixel);
    bands.forEach((band, channel) => {
      made[pixel * channels + channel] = gone ? contract.fill : scaled(tile.bands[channel]![pixel]!, band);
    });
    if (mask !== "none") made[pixel * channels + channels - 1] = gone === (mask === "missing_is_1") ? 1 : 0;
  }
  return made;
}

function missing(tile: Tile, contract: RasterInput, pixel: number): boolean {
  if (tile.masked?.[pixel] === true) return true;
  return tile.bands.some((band) => !Number.isFinite(band[pixel]!) || band[pixel] === contract.no_data);
}

function scaled(value: number, { clip, scaling }: Band): number {
  const kept = clip === "none" ? value : Math.min(Math.max(value, clip[0]), clip[1]);
  if (scaling.kind === "mean_std") return kept * (1 / scaling.std) - scaling.mean / scaling.std;
  const scale = (scaling.to_high - scaling.to_low) / (scaling.high - scaling.low);
  return kept * scale + (scaling.to_low - scaling.low * scale);
}

/**
 * A plain array, held against its size and range.
 *
 * @throws InputError it has another size, or numbers out of range.
 */
export function checkedNumbers(values: ArrayLike<number>, contract: TensorInput): Float32Array {
  const size = contract.shape.reduce((product, length) => product * length, 1);
  const numbers = Float32Array.from(values);
  if (numbers.length !== size || !numbers.every((value) => value >= contract.low && value <= contract.high)) {
    throw new InputError(`input ${contract.name} takes ${size} numbers from ${contract.low} to ${contract.high}`);
  }
  return numbers;
}
