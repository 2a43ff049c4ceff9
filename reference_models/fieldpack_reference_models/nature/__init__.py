"""What both picture models of forty kinds of living things share: start weights, photos, training, card."""
