// Answers the cases of agreement.py with the compiled TypeScript: node agreement.mjs CASES.json
import { readFileSync } from "node:fs";

import { feed } from "./compiled/fieldpack/border.js";
import { prepareImage } from "./compiled/fieldpack/image.js";
import { encodePlace } from "./compiled/fieldpack/location.js";
import { rollup } from "./compiled/fieldpack/rollup.js";
import { labelScores, pooled } from "./compiled/fieldpack/scores.js";
import { framing, scaled, trimmed, windows } from "./compiled/fieldpack/sound.js";

const ANSWERS = {
  image({ contract, border, width, height, pixels }) {
    const picture = { width, height, channels: 3, data: Uint8Array.from(pixels) };
    return [...feed(border, prepareImage(picture, contract).data)];
  },
  waveform({ contract, rate, samples }) {
    const recording = { sampleRateHz: rate, channels: [Float32Array.from(samples)] };
    const cut = windows(trimmed(recording, contract.front_end), framing(contract));
    return cut.flatMap((window) => [...scaled(window.samples, contract.front_end.value_scale)]);
  },
  location({ contract, place }) {
    const given = Object.fromEntries(Object.entries(place).filter(([, value]) => value !== null));
    return [...encodePlace(given, contract)];
  },
  scores({ output, pooling, taxa, values, rule }) {
    const joined = pooled(values.map((row) => labelScores(output, row)), pooling);
    const rolled = rollup(taxa, joined, rule);
    return [...joined, ...Array.from(rolled, (value) => (Number.isNaN(value) ? -9 : value))];
  },
};

const cases = JSON.parse(readFileSync(process.argv[2], "utf8"));
process.stdout.write(JSON.stringify(cases.map((one) => ANSWERS[one.kind](one))));
