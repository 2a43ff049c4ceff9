/** Scores at every taxon: sums, or the largest, of what lies below. */

import { InputError } from "./contract.ts";

/** One taxon; `parent` is its row, -1 of a root, `leaf` the output that scores it. */
export interface Taxon {
  readonly name: string;
  readonly common: string | null;
  readonly rank: string | null;
  readonly parent: number;
  readonly leaf: number | null;
}

export type Rule = "sum" | "max" | "min";

/**
 * Scores of outputs at every taxon, in the order of `taxa`; NaN where nothing below has a score.
 *
 * @throws InputError there are not as many scores as leaves.
 */
export function rollup(taxa: readonly Taxon[], scores: ArrayLike<number>, rule: Rule): Float64Array {
  const leaves = taxa.filter((taxon) => taxon.leaf !== null).length;
  if (leaves !== scores.length) throw new InputError(`${scores.length} scores for a taxonomy of ${leaves} leaves`);
  const rolled = new Float64Array(taxa.length).fill(NaN);
  for (const row of deepestFirst(taxa)) {
    const { leaf, parent } = taxa[row]!;
    if (leaf !== null && !Number.isNaN(scores[leaf]!)) rolled[row] = joined(rolled[row]!, scores[leaf]!, rule);
    if (parent >= 0 && !Number.isNaN(rolled[row]!)) rolled[parent] = joined(rolled[parent]!, rolled[row]!, rule);
  }
  return rolled;
}

function joined(one: number, other: number, rule: Rule): number {
  if (Number.isNaN(one)) return other;
  return rule === "sum" ? one + other : rule === "max" ? Math.max(one, other) : Math.min(one, other);
}

function deepestFirst(taxa: readonly Taxon[]): number[] {
  const depth = taxa.map((_, row) => line(taxa, row).length);
  return taxa.map((_, row) => row).sort((one, other) => depth[other]! - depth[one]!);
}

/** The rows of a taxon and its ancestors, nearest first. */
export function line(taxa: readonly Taxon[], row: number): number[] {
  const rows: number[] = [];
  for (let at = row; at >= 0 && rows.length <= taxa.length; at = taxa[at]!.parent) rows.push(at);
  return rows;
}

/** The row of the taxon that an output scores, or -1. */
export function rowOfLeaf(taxa: readonly Taxon[], leaf: number): number {
  return taxa.findIndex((taxon) => taxon.leaf === leaf);
}
