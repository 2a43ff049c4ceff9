"""The embedded-default picture classifier: a generated world, a small network, its weights and its card."""
