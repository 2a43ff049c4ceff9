"""``fieldpack bench``: bundles on targets, kept as records, compared, drawn, brought in from phones."""
