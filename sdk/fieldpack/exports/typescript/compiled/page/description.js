import { readNpy } from "../fieldpack/npy.js";
export async function describe() {
    return (await fetched("model.json")).json();
}
export async function fetched(path) {
    const response = await fetch(path);
    if (!response.ok)
        throw new Error(`${path} cannot be read: ${response.status}`);
    return response;
}
export async function array(path) {
    return readNpy(await (await fetched(path)).arrayBuffer());
}
