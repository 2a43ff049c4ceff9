/**
 * From places on the earth to the vectors that a range model takes.
 *
 * Latitude comes before longitude in every signature. Double precision, rounded once at the end, as
 * `fieldpack.preprocess.location` computes.
 */

import { InputError } from "./contract.ts";
import type { CellTable, Encoding, LocationInput } from "./contract.ts";

const OCTAVES = [1, 2, 4, 8];
const WEEKS = 48;
const NO_WEEK = -1;
const HIGHEST_PLACE_M = 9000;

/** A place, and what else an encoding may read of it. */
export interface Place {
  readonly latitudeDegrees: number;
  readonly longitudeDegrees: number;
  readonly elevationM?: number | undefined;
  /** 1 to 48. */
  readonly week?: number | undefined;
}

/** What contracts with H3 cells need: the library, and tables by their file. */
export interface Cells {
  cellOf(latitudeDegrees: number, longitudeDegrees: number, resolution: number): string;
  /** Latitude and longitude of a cell's centre, degrees. */
  centreOf(cell: string): readonly [number, number];
  readonly tables: Readonly<Record<string, ReadonlyMap<string, readonly number[]>>>;
}

/**
 * The vector of one place.
 *
 * @param cells only where the contract names cells.
 * @throws InputError a number is out of range, or a table lacks a cell that it must have.
 */
export function encodePlace(place: Place, contract: LocationInput, cells?: Cells): Float32Array {
  const { encoding } = contract;
  const [latitude, longitude] = position(place, contract, cells);
  const vector = encoded(encoding, latitude, longitude, third(place, latitude, longitude, contract, cells));
  const features = contract.features ? cellValues(contract.features, latitude, longitude, cells) : [];
  return Float32Array.from([...vector, ...features]);
}

function position(place: Place, contract: LocationInput, cells?: Cells): readonly [number, number] {
  const latitude = within("latitude", place.latitudeDegrees, -90, 90);
  let longitude = place.longitudeDegrees;
  if (contract.beyond_180 === "wrap") {
    within("longitude", longitude, -720, 720);
    if (Math.abs(longitude) > 180) longitude = ((((longitude + 180) % 360) + 360) % 360) - 180;
  }
  within("longitude", longitude, -180, 180);
  const resolution = contract.snap_resolution ?? null;
  if (resolution === null) return [latitude, longitude];
  const library = needed(cells, contract.name);
  return library.centreOf(library.cellOf(latitude, longitude, resolution));
}

/** What stands in third place of the encoding: an elevation, a week, or nothing. */
function third(place: Place, latitude: number, longitude: number, contract: LocationInput, cells?: Cells): number {
  const { encoding } = contract;
  if (encoding.kind === "birdnet_3") return weekOf(place.week);
  if (place.week !== undefined) throw new InputError(`encoding ${encoding.kind} takes no week`);
  if (encoding.kind !== "inaturalist_5") return 0;
  const table = contract.elevation_table;
  const known = place.elevationM ?? (table ? cellValues(table, latitude, longitude, cells)[0]! : encoding.missing_m);
  if (known === "refuse") throw new InputError("a place needs its elevation in metres");
  return within("elevation", known, -encoding.lowest_m, HIGHEST_PLACE_M);
}

function encoded(encoding: Encoding, latitude: number, longitude: number, third: number): number[] {
  if (encoding.kind === "degrees") return [latitude, longitude];
  if (encoding.kind === "birdnet_3") return [latitude, longitude, writtenWeek(encoding.week, third)];
  if (encoding.kind === "sinusoidal_14") return octaves(latitude / 90, longitude / 180);
  const [x, y] = [Math.PI * (longitude / 180), Math.PI * (latitude / 90)];
  const waves = [Math.sin(x), Math.sin(y), Math.cos(x), Math.cos(y)];
  if (encoding.kind === "sin_cos_4") return waves;
  return [...waves, third > 0 ? third / encoding.highest_m : third / encoding.lowest_m];
}

function octaves(y: number, x: number): number[] {
  const waves = OCTAVES.flatMap((octave) => {
    const turned = octave * Math.PI;
    return [Math.sin(turned * y), Math.cos(turned * y), Math.sin(turned * x)];
  });
  return [y, x, ...waves];
}

function weekOf(week: number | undefined): number {
  if (week === undefined) return NO_WEEK;
  if (!Number.isInteger(week)) throw new InputError(`week ${week} is no whole number`);
  return within("week", week, 1, WEEKS);
}

function writtenWeek(form: "number" | "cosine", week: number): number {
  if (form === "number" || week === NO_WEEK) return week;
  return Math.cos((week * 7.5 * Math.PI) / 180) + 1;
}

function cellValues(table: CellTable, latitude: number, longitude: number, cells?: Cells): readonly number[] {
  const library = needed(cells, table.file);
  const cell = library.cellOf(latitude, longitude, table.resolution);
  const found = library.tables[table.file]?.get(cell) ?? table.columns.map(() => NaN);
  return found.map((value) => {
    if (!Number.isNaN(value)) return value;
    if (table.missing === "refuse") throw new InputError(`${table.file} has no value for the cell of the place`);
    return table.missing;
  });
}

/** A table by cell: CSV with a header, an empty value where nothing is known. */
export function readCellTable(text: string, table: CellTable): ReadonlyMap<string, readonly number[]> {
  const [header, ...lines] = text.replace(/^\ufeff/, "").split(/\r?\n/).filter(Boolean);
  const names = (header ?? "").split(",").map((name) => name.replace(/^"(.*)"$/, "$1"));
  const places = [table.cell_column, ...table.columns].map((column) => names.indexOf(column));
  if (places.includes(-1)) throw new InputError(`${table.file} lacks a column of ${table.columns.join(", ")}`);
  return new Map(
    lines.map((line) => {
      const fields = line.split(",").map((field) => field.replace(/^"(.*)"$/, "$1").trim());
      const [cell, ...values] = places.map((place) => fields[place] ?? "");
      return [cell!.toLowerCase(), values.map((value) => (value === "" ? NaN : Number(value)))];
    }),
  );
}

function needed(cells: Cells | undefined, name: string): Cells {
  if (cells === undefined) throw new InputError(`${name} needs H3 cells`);
  return cells;
}

function within(name: string, value: number, low: number, high: number): number {
  if (!(value >= low && value <= high)) throw new InputError(`${name} ${value} is out of range; allowed: ${low} to ${high}`);
  return value;
}
