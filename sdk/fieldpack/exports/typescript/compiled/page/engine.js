import { loadAndCompile, loadLiteRt, Tensor } from "@litertjs/core";
import { feed, fetched as real } from "../fieldpack/border.js";
const RUNTIME = "runtime/wasm/";
export async function openEngine(graph) {
    loading ??= loadLiteRt(new URL(RUNTIME, document.baseURI).href);
    await loading;
    const model = await loadAndCompile(new URL(graph.path, document.baseURI).href, { accelerator: "wasm" });
    const places = positions(model, graph);
    return { run: (prepared) => runOnce(model, graph, places, prepared) };
}
let loading;
function positions(model, graph) {
    const names = model.getOutputDetails().map((output) => output.name);
    return graph.outputs.map((border, index) => {
        const named = names.indexOf(border.tensor);
        return named < 0 ? graph.positions[index] : named;
    });
}
async function runOnce(model, graph, places, prepared) {
    const border = graph.inputs[0];
    const input = new Tensor(feed(border, prepared), border.shape);
    const outputs = await model.run([input]);
    const values = graph.outputs.map((output, index) => real(output, outputs[places[index]].toTypedArray()));
    for (const tensor of [input, ...outputs])
        tensor.delete();
    return values;
}
