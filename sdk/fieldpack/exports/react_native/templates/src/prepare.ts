/** What the model takes, and how it is prepared. */

import * as facts from "./facts.ts";
import type { Cells, Place } from "./fieldpack/location.ts";
import type { Pixels } from "./fieldpack/pixels.ts";
import type { Recording } from "./fieldpack/sound.ts";
import * as kinds from "./kinds.ts";
import type { Windows } from "./kinds.ts";
import type { Tile } from "./tiles.ts";

/** What the model takes. */
export interface Inputs {
@INPUT_FIELDS@
}

/** What apps give for any input. */
export type Given = Pixels | Recording | Place | Tile | ArrayLike<number>;

/** The preparation of every input, in the order of the contract. */
export const PREPARATIONS: readonly ((inputs: Inputs, cells?: Cells) => Windows)[] = [
@PREPARED@
];
