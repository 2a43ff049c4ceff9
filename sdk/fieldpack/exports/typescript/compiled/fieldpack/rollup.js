import { InputError } from "./contract.js";
export function rollup(taxa, scores, rule) {
    const leaves = taxa.filter((taxon) => taxon.leaf !== null).length;
    if (leaves !== scores.length)
        throw new InputError(`${scores.length} scores for a taxonomy of ${leaves} leaves`);
    const rolled = new Float64Array(taxa.length).fill(NaN);
    for (const row of deepestFirst(taxa)) {
        const { leaf, parent } = taxa[row];
        if (leaf !== null && !Number.isNaN(scores[leaf]))
            rolled[row] = joined(rolled[row], scores[leaf], rule);
        if (parent >= 0 && !Number.isNaN(rolled[row]))
            rolled[parent] = joined(rolled[parent], rolled[row], rule);
    }
    return rolled;
}
function joined(one, other, rule) {
    if (Number.isNaN(one))
        return other;
    return rule === "sum" ? one + other : rule === "max" ? Math.max(one, other) : Math.min(one, other);
}
function deepestFirst(taxa) {
    const depth = taxa.map((_, row) => line(taxa, row).length);
    return taxa.map((_, row) => row).sort((one, other) => depth[other] - depth[one]);
}
export function line(taxa, row) {
    const rows = [];
    for (let at = row; at >= 0 && rows.length <= taxa.length; at = taxa[at].parent)
        rows.push(at);
    return rows;
}
export function rowOfLeaf(taxa, leaf) {
    return taxa.findIndex((taxon) => taxon.leaf === leaf);
}
