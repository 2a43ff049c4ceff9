/** What the bundle states. */

import type { Border, ImageInput, LocationInput, Output, Pooling, SpectrogramInput, WaveformInput } from "./fieldpack/contract.ts";
import type { Taxon } from "./fieldpack/rollup.ts";
import type { RasterInput, TensorInput } from "./tiles.ts";

/** The types of the contract's inputs. */
export type Contract = ImageInput | LocationInput | RasterInput | SpectrogramInput | TensorInput | WaveformInput;

/** A graph from sound to an input. */
export interface FrontEnd {
  readonly input: Border;
  readonly output: Border;
}

/** Labels of an output, a threshold for each (null for none), and their tree; empty where there is none. */
export interface Words {
  readonly labels: readonly string[];
  readonly thresholds: readonly (number | null)[];
  readonly taxa: readonly Taxon[];
}

export const NAME = @NAME_TEXT@;
export const VERSION = @VERSION_TEXT@;
export const DIGEST = "@DIGEST@";
@RULES@
export const INPUT_NAMES: readonly string[] = @INPUT_NAMES@;
export const INPUT_KINDS: readonly string[] = @INPUT_KINDS@;
export const INPUT_BORDERS: readonly Border[] = [@INPUT_BORDERS@
];
export const INPUT_POSITIONS: readonly number[] = @INPUT_POSITIONS@;
export const OUTPUT_BORDERS: readonly Border[] = [@OUTPUT_BORDERS@
];
export const OUTPUT_POSITIONS: readonly number[] = @OUTPUT_POSITIONS@;
export const OUTPUTS: readonly Output[] = [@OUTPUT_RULES@
];
export const FRONT_ENDS: readonly (FrontEnd | null)[] = [@FRONT_ENDS@
];
export const WORDS: readonly Words[] = [@WORDS@
];
export const POOLING: Pooling = @POOLING@;
