"""Parity: a flavour's outputs against the source model's outputs on the same items.

=====================  ============================================================
``record``             what a comparison returns: figures, classes, slices, examples
``pairing``            checks that two arrays can be compared, and walks over them
``activation``         scores to probabilities, and the divergence between them
``item_scores``        one pass over both outputs: what happened to every item
``cosine``             plain and centred cosine
``correctness``        labels to "which item did which model get right"
``accuracy``           accuracy, macro recall and their drop, class by class
``likelihood``         the negative log likelihood of the labels, and its rise
``ranking``            average precision, ROC area and F0.5, class by class
``false_positives``    firing where there is nothing
``background``         firing on examples without anything that the model knows
``slices``             the same within slices of the data
``classification``     :func:`~fieldpack.parity.classification.compare_scores`
``regression``         :func:`~fieldpack.parity.regression.compare_values`
``estimates``          errors, coverage and totals of both models against the truth
``tensor``             :func:`~fieldpack.parity.tensor.compare_tensors`, for layers
``front_end``          decibels between a front-end's file and the numpy reference
``places``             encoders of places against the float64 formulas
``fitted``             thresholds of labels, fitted to a model's own answers
``ranges``             maps of where labels are expected, and what became of them
``judgement``          a figure of a comparison against a limit
=====================  ============================================================

A broken number (NaN or infinity) never agrees, is never right, and turns every average it
touches into NaN, which :func:`fieldpack.verdict.judge` fails.
"""
