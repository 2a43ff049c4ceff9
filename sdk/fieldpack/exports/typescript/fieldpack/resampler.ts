/**
 * From one sample rate to another by the contract's windowed sinc.
 *
 * A bundle carries the right half of the filter for common rates of recorders; for others it is computed here
 * by the same formula. Sums are in double precision, the result is single.
 */

import { InputError } from "./contract.ts";
import type { Resampler } from "./contract.ts";

const MOST_COEFFICIENTS = 8_000_000;
const MOST_UP = 256;

/** `up` samples come out for `down` that go in, in lowest terms. */
export interface Ratio {
  readonly up: number;
  readonly down: number;
}

export function ratio(fromHz: number, toHz: number): Ratio {
  const common = greatestDivisor(fromHz, toHz);
  return { up: toHz / common, down: fromHz / common };
}

function greatestDivisor(one: number, other: number): number {
  return other === 0 ? one : greatestDivisor(other, one % other);
}

/** A sound at another rate. */
export interface RateChange {
  readonly fromHz: number;
  readonly toHz: number;
  readonly resampler: Resampler;
  /** Right half of the filter from a bundle; computed where there is none. */
  readonly coefficients?: Float32Array | undefined;
}

/**
 * Resample a whole sound.
 *
 * @returns `ceil(n * toHz / fromHz)` samples.
 * @throws InputError the contract wants soxr, or no rate of sound stands beside the wanted one.
 */
export function resample(samples: Float32Array, change: RateChange): Float32Array {
  const { fromHz, toHz, resampler } = change;
  if (fromHz === toHz) return samples;
  if (resampler.kind !== "polyphase") {
    throw new InputError(`a sound of ${fromHz} Hz would have to be resampled by soxr; give one of ${toHz} Hz`);
  }
  if (!Number.isInteger(fromHz) || fromHz < 1 || toHz > MOST_UP * fromHz) {
    throw new InputError(`a sound cannot be resampled from ${fromHz} to ${toHz} Hz`);
  }
  const steps = ratio(fromHz, toHz);
  return filtered(samples, steps, change.coefficients ?? halfFilter(steps, resampler));
}

function filtered(samples: Float32Array, { up, down }: Ratio, half: Float32Array): Float32Array {
  const made = new Float32Array(Math.ceil((samples.length * up) / down));
  const last = half.length - 1;
  for (let at = 0; at < made.length; at++) {
    const centre = at * down;
    const first = Math.max(0, Math.ceil((centre - last) / up));
    const end = Math.min(samples.length - 1, Math.floor((centre + last) / up));
    let sum = 0;
    for (let from = first; from <= end; from++) sum += samples[from]! * half[Math.abs(centre - from * up)]!;
    made[at] = sum;
  }
  return made;
}

/** The right half of the filter from its centre outwards, one coefficient each 1 / up source samples. */
export function halfFilter({ up, down }: Ratio, settings: Resampler & { kind: "polyphase" }): Float32Array {
  const cutoff = settings.rolloff * Math.min(1, up / down);
  const reach = settings.zero_crossings / cutoff;
  const count = Math.floor(reach * up) + 1;
  if (2 * count > MOST_COEFFICIENTS) {
    throw new InputError(`the rates have the ratio ${up} / ${down}, which takes a filter of ${2 * count} coefficients`);
  }
  const half = Float64Array.from({ length: count }, (_, index) => {
    const time = index / up;
    const window = bessel(settings.kaiser_beta * Math.sqrt(Math.max(0, 1 - (time / reach) ** 2)));
    return sinc(cutoff * time) * window;
  });
  const sum = half.reduce((total, value) => total + value, 0) * 2 - half[0]!;
  return Float32Array.from(half, (value) => (value * up) / sum);
}

function sinc(x: number): number {
  return x === 0 ? 1 : Math.sin(Math.PI * x) / (Math.PI * x);
}

/** Modified Bessel function of the first kind and order 0, by its series. */
function bessel(x: number): number {
  let [sum, term] = [1, 1];
  for (let order = 1; term > sum * 1e-17; order++) {
    term *= (x / (2 * order)) ** 2;
    sum += term;
  }
  return sum;
}
