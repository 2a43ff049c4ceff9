/**
 * The contract as a bundle's manifest states it, in the words of its JSON.
 *
 * Field names are those of `pack.toml`; the Python classes of `fieldpack.contract` are the reference.
 */

export type ColorOrder = "rgb" | "bgr" | "gray";
export type Resample = "nearest" | "bilinear" | "bilinear_no_antialias" | "bicubic" | "lanczos" | "box";
export type Layout = "NHWC" | "NCHW";

export type Fit =
  | { readonly kind: "stretch" }
  | { readonly kind: "center_crop"; readonly fraction: number }
  | { readonly kind: "pad"; readonly value: number };

export interface ImageInput {
  readonly kind: "image";
  readonly name: string;
  readonly height: number;
  readonly width: number;
  readonly color_order: ColorOrder;
  readonly resize: { readonly method: Resample; readonly fit: Fit };
}

export type Resampler =
  | { readonly kind: "soxr_hq" }
  | {
      readonly kind: "polyphase";
      readonly zero_crossings: number;
      readonly kaiser_beta: number;
      readonly rolloff: number;
    };

export type ValueScale =
  | { readonly kind: "unit" }
  | { readonly kind: "int16" }
  | { readonly kind: "min_max"; readonly epsilon: number }
  | { readonly kind: "peak"; readonly peak: number; readonly remove_mean: boolean };

export type Pooling = "mean" | "max" | { readonly kind: "log_mean_exp"; readonly sharpness: number };

export interface Windows {
  readonly samples: number | "none";
  readonly overlap: number;
  readonly last: "drop" | "pad" | "shift";
  readonly pooling: Pooling;
}

export interface Silence {
  readonly top_db: number;
  readonly frame_length: number;
  readonly hop_length: number;
}

export interface SoundSpec {
  readonly sample_rate_hz: number;
  readonly resampler: Resampler;
  readonly channel_mix: "mean" | "first";
  readonly low_rate: "refuse" | "warn";
  readonly min_seconds: number;
  readonly max_seconds: number;
  readonly remove_silence: "none" | Silence;
  readonly value_scale: ValueScale;
  readonly windows: Windows;
}

export interface WaveformInput {
  readonly kind: "waveform";
  readonly name: string;
  readonly front_end: SoundSpec;
}

export interface SpectrogramInput {
  readonly kind: "spectrogram";
  readonly name: string;
  readonly frames: number;
  readonly front_end: SoundSpec & { readonly hop_length: number };
}

export type SoundInput = WaveformInput | SpectrogramInput;

export type Encoding =
  | { readonly kind: "degrees" }
  | { readonly kind: "sin_cos_4" }
  | {
      readonly kind: "inaturalist_5";
      readonly highest_m: number;
      readonly lowest_m: number;
      readonly missing_m: number | "refuse";
    }
  | { readonly kind: "sinusoidal_14" }
  | { readonly kind: "birdnet_3"; readonly week: "number" | "cosine" };

export interface CellTable {
  readonly file: string;
  readonly resolution: number;
  readonly cell_column: string;
  readonly columns: readonly string[];
  readonly missing: number | "refuse";
}

export interface LocationInput {
  readonly kind: "location";
  readonly name: string;
  readonly encoding: Encoding;
  readonly snap_resolution?: number | null;
  readonly beyond_180?: "refuse" | "wrap";
  readonly elevation_table?: CellTable | null;
  readonly features?: CellTable | null;
}

export interface Sensitivity {
  readonly value: number;
  readonly limit: number;
}

export interface Output {
  readonly name: string;
  readonly activation: "softmax" | "sigmoid" | "logits" | "linear";
  readonly unit?: string | null;
  readonly threshold?: number | null;
  readonly sensitivity?: Sensitivity | null;
}

/** How one input or output meets a tensor of the file; `Border` of the manifest. */
export interface Border {
  readonly name: string;
  readonly tensor: string;
  readonly shape: readonly number[];
  readonly dtype: "float32" | "float16" | "int8" | "uint8" | "int32";
  readonly layout?: Layout | null;
  readonly scale?: readonly number[] | null;
  readonly offset?: readonly number[] | null;
  readonly quantization?: { readonly scale: number; readonly zero_point: number } | null;
  readonly batched?: boolean;
}

/** What was given does not fit the contract; the message says what would. */
export class InputError extends Error {
  override readonly name = "InputError";
}
