"""A Swift package: typed inputs, preprocessing, Core ML, scores and rollup, and tests of all of it."""
