/** Draws answers: the best labels as bars, their line in the tree, and what was heard when. */

import type { Detection } from "../fieldpack/detections.ts";
import { line, rollup, rowOfLeaf } from "../fieldpack/rollup.ts";
import { ranked } from "../fieldpack/scores.ts";
import type { DescribedOutput, Description, Label } from "./description.ts";
import { element } from "./elements.ts";
import type { Answer, Heard } from "./model.ts";

const TOP = 5;

/** Everything that one answer says. */
export function answerView(about: Description, answer: Answer): HTMLElement[] {
  const views = about.outputs.map((output, index) =>
    output.contract.activation === "linear" ? numbers(output, answer.scores[index]!) : labels(output, answer.scores[index]!),
  );
  const time = element("p", { class: "small time" }, `${answer.milliseconds.toFixed(1)} ms on this device`);
  return [...views, time];
}

function labels(output: DescribedOutput, scores: Float64Array): HTMLElement {
  const common = output.thresholds ? null : (output.contract.threshold ?? null);
  const names = output.labels.map((label) => label.name);
  const best = ranked(scores, names, TOP, output.thresholds, common);
  const told = output.thresholds !== null;
  const rows = best.map(({ index, score, threshold }) => bar(output.labels[index]!, score, told, threshold));
  const first = best[0];
  const tree = output.taxa && first ? lineage(output, scores, first.index) : null;
  return element("section", {}, element("ol", { class: "bars" }, ...rows), tree);
}

/** `told`: whether words say what the threshold means, as where a kind is expected at a place. */
function bar(label: Label, score: number, told: boolean, threshold?: number): HTMLElement {
  const below = threshold !== undefined && score < threshold;
  const meter = element("span", { class: "meter", "aria-hidden": "true" }, element("span"));
  (meter.firstChild as HTMLElement).style.width = `${Math.min(1, Math.max(0, score)) * 100}%`;
  if (threshold !== undefined) {
    const mark = element("i", { class: "mark" });
    mark.style.left = `${Math.min(1, Math.max(0, threshold)) * 100}%`;
    meter.append(mark);
  }
  const said = !told || threshold === undefined ? null : element("small", {}, below ? " not expected" : " expected");
  return element("li", below ? { class: "below" } : {}, name(label, said), meter, element("b", {}, percent(score)));
}

function name(label: Label, more: HTMLElement | null): HTMLElement {
  const scientific = label.scientific ? element("em", { dir: "auto" }, ` ${label.scientific}`) : null;
  return element("span", { class: "name" }, element("bdi", {}, label.name), scientific, more);
}

function percent(score: number): string {
  return `${(score * 100).toFixed(1)} %`;
}

/** The line of the best label in the tree, root first, with what the scores below come to. */
function lineage(output: DescribedOutput, scores: Float64Array, leaf: number): HTMLElement | null {
  const taxa = output.taxa!;
  const rule = output.contract.activation === "sigmoid" || output.contract.sensitivity ? "max" : "sum";
  const rolled = rollup(taxa, scores, rule);
  const rows = line(taxa, rowOfLeaf(taxa, leaf)).reverse();
  if (rows.length < 2) return null;
  const items = rows.map((row) => {
    const taxon = taxa[row]!;
    const rank = taxon.rank ? element("small", {}, `${taxon.rank} `) : null;
    const text = element("span", { class: "name" }, rank, element("bdi", {}, taxon.common ?? taxon.name));
    return element("li", {}, text, element("b", {}, percent(rolled[row]!)));
  });
  const how = rule === "sum" ? "scores added up the tree" : "the highest score below each";
  return element(
    "div",
    { class: "tree" },
    element("h3", {}, "In the tree of life"),
    element("p", { class: "small" }, how),
    element("ol", {}, ...items),
  );
}

function numbers(output: DescribedOutput, values: Float64Array): HTMLElement {
  const items = Array.from(values.slice(0, TOP), (value) =>
    element("li", {}, element("b", {}, value.toPrecision(6)), ` ${output.contract.unit ?? ""}`),
  );
  return element("section", {}, element("h3", {}, output.contract.name), element("ol", {}, ...items));
}

/** From when to when each label was heard. */
export function heardView(about: Description, heard: Heard): HTMLElement[] {
  const output = about.outputs.find((item) => item.labels.length > 0);
  if (output === undefined) return [];
  const found = heard.detections;
  const title = element("h3", {}, found.length === 0 ? "Nothing was heard" : "Heard");
  const lines = found.map((item) => detection(item, output, heard.durationS));
  const whole = element("h3", {}, "Over the whole recording");
  return [title, element("ol", { class: "heard", tabindex: "0", "aria-label": "Detections" }, ...lines), whole];
}

function detection(item: Detection, output: DescribedOutput, durationS: number): HTMLElement {
  const stretch = element("span", { class: "stretch", "aria-hidden": "true" }, element("span"));
  const inner = stretch.firstChild as HTMLElement;
  inner.style.left = `${(item.startS / durationS) * 100}%`;
  inner.style.width = `${((item.endS - item.startS) / durationS) * 100}%`;
  const when = element("small", {}, `${item.startS.toFixed(1)} to ${item.endS.toFixed(1)} s`);
  return element("li", {}, name(output.labels[item.index]!, null), when, stretch, element("b", {}, percent(item.score)));
}
