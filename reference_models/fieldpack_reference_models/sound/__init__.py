"""The embedded default for sound: a generated dusk of twelve callers, its network, weights and card."""
