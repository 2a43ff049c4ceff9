/** Every kind of input as windows of numbers, by the contract; all but recordings are one window. */

import { InputError } from "./fieldpack/contract.ts";
import type { ImageInput, LocationInput, SoundInput } from "./fieldpack/contract.ts";
import { prepareImage } from "./fieldpack/image.ts";
import { encodePlace } from "./fieldpack/location.ts";
import type { Cells, Place } from "./fieldpack/location.ts";
import type { Pixels } from "./fieldpack/pixels.ts";
import { framing, scaled, trimmed, windows } from "./fieldpack/sound.ts";
import type { Recording } from "./fieldpack/sound.ts";
import { checkedNumbers, prepareTile } from "./tiles.ts";
import type { RasterInput, TensorInput, Tile } from "./tiles.ts";

/** Prepared numbers of one example, window by window. */
export type Windows = readonly ArrayLike<number>[];

export function picture(value: Pixels, contract: ImageInput): Windows {
  return [prepareImage(value, contract).data];
}

/** The windows of a clip; a front-end graph takes them as they are, a model in the contract's scale. */
export function recording(value: Recording, contract: SoundInput, graphSamples?: number): Windows {
  const found = windows(trimmed(value, contract.front_end), framing(contract, graphSamples));
  if (found.length === 0) throw new InputError("a sound is too short for one window");
  const samples = found.map((window) => window.samples);
  return contract.kind === "spectrogram" ? samples : samples.map((item) => scaled(item, contract.front_end.value_scale));
}

export function place(value: Place, contract: LocationInput, cells?: Cells): Windows {
  return [encodePlace(value, contract, cells)];
}

export function tile(value: Tile, contract: RasterInput): Windows {
  return [prepareTile(value, contract)];
}

export function numbers(value: ArrayLike<number>, contract: TensorInput): Windows {
  return [checkedNumbers(value, contract)];
}
