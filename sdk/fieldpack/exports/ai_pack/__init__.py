"""A Play AI pack: a flavour for each group of devices, and one for all others."""
