/** The model in react-native-fast-tflite, with everything around it that the contract states. */

import { loadTensorflowModel } from "react-native-fast-tflite";
import type { TensorflowModelDelegate, TfliteModel } from "react-native-fast-tflite";
import modelAsset from "../assets/model.tflite";
@FRONT_END_IMPORTS@import { answers, joined } from "./answers.ts";
import type { Answers } from "./answers.ts";
import { FRONT_ENDS, INPUT_BORDERS, INPUT_POSITIONS, OUTPUT_BORDERS, OUTPUT_POSITIONS } from "./facts.ts";
import { feed, fetched } from "./fieldpack/border.ts";
import type { Border } from "./fieldpack/contract.ts";
import { InputError } from "./fieldpack/contract.ts";
import type { Cells } from "./fieldpack/location.ts";
import { PREPARATIONS } from "./prepare.ts";
import type { Inputs } from "./prepare.ts";

const FRONT_END_ASSETS: readonly (number | null)[] = [@FRONT_END_ASSETS@];
const ARRAYS = { float32: Float32Array, int32: Int32Array, int8: Int8Array, uint8: Uint8Array };

/** Made by `PhoneModel.load()`; load it once. */
export class PhoneModel {
  readonly #model: TfliteModel;
  readonly #frontEnds: readonly (TfliteModel | null)[];

  private constructor(model: TfliteModel, frontEnds: readonly (TfliteModel | null)[]) {
    this.#model = model;
    this.#frontEnds = frontEnds;
  }

  /** Load the model; without delegates it runs on the CPU, as the golden vectors were made. */
  static async load(delegates: TensorflowModelDelegate[] = []): Promise<PhoneModel> {
    const frontEnds = FRONT_END_ASSETS.map((asset) => (asset === null ? null : loadTensorflowModel(asset, [])));
    return new PhoneModel(await loadTensorflowModel(modelAsset, delegates), await Promise.all(frontEnds));
  }

  /**
   * One answer; the windows of a recording are joined by the contract's rule.
   *
   * @param cells only where the contract names cells of H3.
   * @throws InputError what was given does not fit the contract.
   */
  async answer(inputs: Inputs, cells?: Cells): Promise<Answers> {
    return answers(joined(await this.#windows(inputs, cells)));
  }

  /** One answer for each window of a recording. */
  async answerWindows(inputs: Inputs, cells?: Cells): Promise<Answers[]> {
    const found = await this.#windows(inputs, cells);
    return found.map((window) => answers(window.map((values) => Float64Array.from(values))));
  }

  async #windows(inputs: Inputs, cells?: Cells): Promise<Float32Array[][]> {
    const prepared = await Promise.all(
      PREPARATIONS.map((prepare, input) =>
        Promise.all(prepare(inputs, cells).map((window) => this.#heard(input, window))),
      ),
    );
    const count = prepared.reduce((most, windows) => Math.max(most, windows.length), 1);
    const found: Float32Array[][] = [];
    for (let window = 0; window < count; window++) {
      found.push(await this.#values(prepared.map((windows) => windows[windows.length === 1 ? 0 : window]!)));
    }
    return found;
  }

  /** A window of sound by way of its front-end; everything else as it is. */
  async #heard(input: number, window: ArrayLike<number>): Promise<ArrayLike<number>> {
    const [rule, graph] = [FRONT_ENDS[input] ?? null, this.#frontEnds[input] ?? null];
    if (rule === null || graph === null) return window;
    const [made] = await graph.run([bufferOf(feed(rule.input, window))]);
    return numbersOf(rule.output, made);
  }

  async #values(example: readonly ArrayLike<number>[]): Promise<Float32Array[]> {
    const given: ArrayBuffer[] = [];
    example.forEach((numbers, input) => {
      given[INPUT_POSITIONS[input]!] = bufferOf(feed(INPUT_BORDERS[input]!, numbers));
    });
    const made = await this.#model.run(given);
    return OUTPUT_BORDERS.map((border, output) => numbersOf(border, made[OUTPUT_POSITIONS[output]!]));
  }
}

function bufferOf(tensor: ArrayBufferView): ArrayBuffer {
  return tensor.buffer as ArrayBuffer;
}

function numbersOf(border: Border, buffer: ArrayBuffer | undefined): Float32Array {
  if (buffer === undefined || border.dtype === "float16") {
    throw new InputError(`the model gives no tensor ${border.tensor} that can be read`);
  }
  return fetched(border, new ARRAYS[border.dtype](buffer));
}
