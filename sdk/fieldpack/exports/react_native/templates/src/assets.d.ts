declare module "*.tflite" {
  /** What Metro makes of an asset. */
  const asset: number;
  export default asset;
}
