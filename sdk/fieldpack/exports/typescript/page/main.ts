/** The page: says what the model is, takes an input, shows the answer, checks this device. */

import { describe } from "./description.ts";
import type { Description } from "./description.ts";
import { element, part } from "./elements.ts";
import { checkGolden } from "./golden.ts";
import type { GoldenResult } from "./golden.ts";
import { inputForm } from "./inputs.ts";
import type { Ask } from "./inputs.ts";
import { Model } from "./model.ts";
import { keepForOffline } from "./offline.ts";

async function start(): Promise<void> {
  if (new URLSearchParams(location.search).has("bench")) return; // bench.ts opens the model itself, and times it
  const about = await describe();
  introduce(about);
  const model = Model.open(about);
  model.then(
    () => status("Ready"),
    (error: unknown) => fail(error),
  );
  part("input").replaceChildren(...(await inputForm(about, model, asker())));
  const check = part("check");
  check.addEventListener("click", () => void runCheck(about, model));
  if (new URLSearchParams(location.search).has("golden")) await runCheck(about, model);
  await model;
  const kept = await keepForOffline(about).catch(() => false);
  part("offline").textContent = kept ? "Works without a network now" : "";
}

function introduce(about: Description): void {
  document.title = `${about.name} ${about.version}`;
  part("title").replaceChildren(about.name, " ", element("span", { class: "version" }, about.version));
  part("about").textContent = about.description;
  const size = `${(about.model.size_bytes / 1024).toFixed(0)} KB`;
  const facts = [["Flavour", `${about.flavour}, ${size}`], ["Licence", about.license], ["Digest", `sha256:${about.digest}`]];
  part("facts").replaceChildren(
    ...facts.flatMap(([name, value]) => [element("dt", {}, name!), element("dd", {}, value!)]),
  );
}

/** One question at a time; the last one wins. */
function asker(): Ask {
  let latest = 0;
  return (work) => {
    const turn = ++latest;
    const tell = (words: string): void => {
      if (turn === latest) status(words);
    };
    tell("Working");
    const target = part("answer");
    work(tell).then(
      (nodes) => {
        if (turn !== latest) return;
        target.replaceChildren(...nodes);
        status("Ready");
      },
      (error: unknown) => {
        if (turn === latest) fail(error);
      },
    );
  };
}

async function runCheck(about: Description, model: Promise<Model>): Promise<void> {
  const target = part("golden");
  target.textContent = "Running the golden vectors";
  try {
    const result = await checkGolden(about, await model);
    target.replaceChildren(...goldenView(result));
    target.dataset["result"] = JSON.stringify(result);
  } catch (error) {
    target.textContent = words(error);
    target.dataset["result"] = JSON.stringify({ passed: false, error: words(error) });
  }
}

function goldenView(result: GoldenResult): HTMLElement[] {
  const verdict = result.passed ? "This device computes what the bundle promises." : "This device computes something else.";
  const sorted = [...result.times].sort((one, other) => one - other);
  const median = sorted[Math.floor(sorted.length / 2)] ?? 0;
  const facts = [
    result.compared > 0 ? `${result.sameBest} of ${result.compared} best labels are the same` : "",
    `largest difference ${result.largestGap.toPrecision(2)}, allowed ${result.tolerance.toPrecision(2)}`,
    `median ${median.toFixed(2)} ms an answer`,
  ];
  return [
    element("p", { class: result.passed ? "pass" : "fail" }, verdict),
    element("ul", {}, ...facts.filter(Boolean).map((fact) => element("li", {}, fact))),
  ];
}

function status(text: string): void {
  part("status").textContent = text;
}

function fail(error: unknown): void {
  status("");
  part("answer").replaceChildren(element("p", { class: "fail", role: "alert" }, words(error)));
}

function words(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

start().catch(fail);
