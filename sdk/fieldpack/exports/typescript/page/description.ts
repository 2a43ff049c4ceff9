/** What `model.json` of an export says; written by `fieldpack.exports.web.description`. */

import type { Border, ImageInput, LocationInput, Output, SoundInput } from "../fieldpack/contract.ts";
import { readNpy } from "../fieldpack/npy.ts";
import type { NumpyArray } from "../fieldpack/npy.ts";
import type { Taxon } from "../fieldpack/rollup.ts";

export interface Label {
  readonly name: string;
  readonly scientific: string | null;
}

export interface DescribedOutput {
  readonly contract: Output;
  readonly labels: readonly Label[];
  readonly thresholds: readonly (number | null)[] | null;
  readonly taxa: readonly Taxon[] | null;
}

export interface Graph {
  readonly path: string;
  readonly size_bytes: number;
  readonly inputs: readonly Border[];
  /** In the order of the contract; `positions` are those in the file. */
  readonly outputs: readonly Border[];
  readonly positions: readonly number[];
}

export interface Description {
  readonly name: string;
  readonly version: string;
  readonly description: string;
  readonly license: string;
  readonly digest: string;
  readonly cache: string;
  readonly flavour: string;
  readonly model: Graph;
  readonly front_end: Graph | null;
  readonly input: ImageInput | SoundInput | LocationInput;
  readonly outputs: readonly DescribedOutput[];
  readonly resampling: Readonly<Record<string, string>>;
  readonly tables: Readonly<Record<string, string>>;
  readonly golden: {
    readonly count: number;
    readonly input: string;
    readonly outputs: readonly string[];
    readonly tolerance: number;
  };
}

export async function describe(): Promise<Description> {
  return (await fetched("model.json")).json() as Promise<Description>;
}

/** A file of the export. */
export async function fetched(path: string): Promise<Response> {
  const response = await fetch(path);
  if (!response.ok) throw new Error(`${path} cannot be read: ${response.status}`);
  return response;
}

export async function array(path: string): Promise<NumpyArray> {
  return readNpy(await (await fetched(path)).arrayBuffer());
}
