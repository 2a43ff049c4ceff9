"""An Android library module: typed inputs, preprocessing, LiteRT, scores, rollup, and tests."""
