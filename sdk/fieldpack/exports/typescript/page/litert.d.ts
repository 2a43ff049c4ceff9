/** The part of LiteRT.js that the page uses; the package itself lies in `runtime/` of an export. */
declare module "@litertjs/core" {
  export interface TensorDetails {
    readonly name: string;
  }
  export class Tensor {
    constructor(data: Float32Array | Int32Array | Uint8Array | Int8Array, shape: readonly number[]);
    toTypedArray(): Float32Array | Int32Array | Uint8Array;
    delete(): void;
  }
  export interface CompiledModel {
    getOutputDetails(): readonly TensorDetails[];
    run(input: Tensor[]): Promise<Tensor[]>;
  }
  export function loadLiteRt(path: string): Promise<unknown>;
  export function loadAndCompile(url: string, options: { accelerator: "wasm" }): Promise<CompiledModel>;
}

declare module "h3-js" {
  export function latLngToCell(latitude: number, longitude: number, resolution: number): string;
  export function cellToLatLng(cell: string): [number, number];
}
