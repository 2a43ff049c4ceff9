// Holds preprocessing and post-processing against what the Python reference answered when this was written.
// Run `tsc` first, which writes `build/`.

import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";

import { answer } from "../build/answers.js";
import * as facts from "../build/facts.js";
import { feed } from "../build/fieldpack/border.js";
import { rollup } from "../build/fieldpack/rollup.js";
import { PREPARATIONS } from "../build/prepare.js";

const folder = new URL("maths/", import.meta.url);
const file = (name) => new URL(name, folder);
const bytes = (name) => new Uint8Array(readFileSync(file(name))).buffer;
const doubles = (name) => new Float64Array(bytes(`${name}.f64`));
const singles = (name) => new Float32Array(bytes(`${name}.f32`));

const GIVEN = {
  picture: ([width, height, ...data]) => ({ width, height, channels: 3, data: Uint8Array.from(data) }),
  recording: ([sampleRateHz, count, size, ...all]) => ({
    sampleRateHz,
    channels: Array.from({ length: count }, (_, at) => Float32Array.from(all.slice(at * size, (at + 1) * size))),
  }),
  place: ([latitudeDegrees, longitudeDegrees, elevation, week]) => ({
    latitudeDegrees,
    longitudeDegrees,
    elevationM: Number.isNaN(elevation) ? undefined : elevation,
    week: week < 0 ? undefined : week,
  }),
  tile: ([count, ...all]) => ({
    bands: Array.from({ length: count }, (_, at) => all.slice((at * all.length) / count, ((at + 1) * all.length) / count)),
  }),
  numbers: (values) => Float32Array.from(values),
};

// Cells that are the places themselves, and hold the features of the case.
const cells = (contract, features) => ({
  cellOf: (latitude, longitude) => `${latitude} ${longitude}`,
  centreOf: (cell) => cell.split(" ").map(Number),
  tables: { [contract.features?.file ?? ""]: { get: () => features } },
});

function near(what, expected, found) {
  assert.equal(found.length, expected.length, what);
  expected.forEach((wanted, at) => {
    const same = Number.isNaN(wanted) && Number.isNaN(found[at]);
    assert.ok(same || Math.abs(found[at] - wanted) <= 1e-6 * (1 + Math.abs(wanted)), `${what}, number ${at}`);
  });
}

let count = 0;
facts.INPUT_NAMES.forEach((name, input) => {
  for (let item = 0; existsSync(file(`input-${input}/source-${item}.f64`)); item++, count++) {
    const source = Array.from(doubles(`input-${input}/source-${item}`));
    const given = { [name]: GIVEN[facts.INPUT_KINDS[input]](source) };
    const windows = PREPARATIONS[input](given, cells(facts[`INPUT_${input}`], source.slice(4)));
    near(`${name}, case ${item}`, singles(`input-${input}/prepared-${item}`), windows.flatMap((window) => Array.from(window)));
    const border = facts.FRONT_ENDS[input]?.input ?? facts.INPUT_BORDERS[input];
    if (item === 0) near(`tensor of ${name}`, singles(`input-${input}/stored-0`), feed(border, windows[0]));
  }
});
facts.OUTPUTS.forEach((rule, output) => {
  for (let item = 0; existsSync(file(`output-${output}/values-${item}.f64`)); item++, count++) {
    const values = doubles(`output-${output}/values-${item}`);
    const found = answer(output, facts.OUTPUTS.map(() => values));
    near(rule.name, doubles(`output-${output}/scores-${item}`), found.scores);
    if (existsSync(file(`output-${output}/rolled-${item}.f64`))) {
      const rolled = rollup(facts.WORDS[output].taxa, found.scores, "sum");
      near(`rollup of ${rule.name}`, doubles(`output-${output}/rolled-${item}`), rolled);
    }
  }
});
console.log(`${count} cases agree with the reference`);
