"""Forty kinds of living things in photos: MobileNetV2 in Keras 3, its training, weights and card."""
