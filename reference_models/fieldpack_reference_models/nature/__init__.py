"""What both picture models of forty kinds of living things share: photos, training on them, card."""
