/** LiteRT.js: loads the graphs of an export and runs them. */

import { loadAndCompile, loadLiteRt, Tensor } from "@litertjs/core";
import type { CompiledModel } from "@litertjs/core";

import { feed, fetched as real } from "../fieldpack/border.ts";
import type { Graph } from "./description.ts";

const RUNTIME = "runtime/wasm/";

/** A graph that takes one prepared example. */
export interface Engine {
  /** Real numbers of each output, in the order of the contract. */
  run(prepared: ArrayLike<number>): Promise<Float32Array[]>;
}

export async function openEngine(graph: Graph): Promise<Engine> {
  loading ??= loadLiteRt(new URL(RUNTIME, document.baseURI).href);
  await loading;
  const model = await loadAndCompile(new URL(graph.path, document.baseURI).href, { accelerator: "wasm" });
  const places = positions(model, graph);
  return { run: (prepared) => runOnce(model, graph, places, prepared) };
}

let loading: Promise<unknown> | undefined;

/** Where each output of the contract stands among those of the runtime: by name, else as in the file. */
function positions(model: CompiledModel, graph: Graph): number[] {
  const names = model.getOutputDetails().map((output) => output.name);
  return graph.outputs.map((border, index) => {
    const named = names.indexOf(border.tensor);
    return named < 0 ? graph.positions[index]! : named;
  });
}

async function runOnce(
  model: CompiledModel,
  graph: Graph,
  places: readonly number[],
  prepared: ArrayLike<number>,
): Promise<Float32Array[]> {
  const border = graph.inputs[0]!;
  const input = new Tensor(feed(border, prepared), border.shape);
  const outputs = await model.run([input]);
  const values = graph.outputs.map((output, index) => real(output, outputs[places[index]!]!.toTypedArray()));
  for (const tensor of [input, ...outputs]) tensor.delete();
  return values;
}
