"""Ten everyday sounds and bird calls: YAMNet's body in PyTorch, its training, weights and card."""
