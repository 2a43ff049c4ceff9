"""Forty kinds of living things in photos: MobileNetV1 in PyTorch, its training, weights and card."""
