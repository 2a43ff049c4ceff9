"""Plain folders for each platform: model, labels, thresholds, front-ends, contract, check sums."""
