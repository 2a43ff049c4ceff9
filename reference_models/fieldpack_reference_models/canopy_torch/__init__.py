"""Canopy height from aerial pictures: a small network with an interval, judged beside a random forest."""
