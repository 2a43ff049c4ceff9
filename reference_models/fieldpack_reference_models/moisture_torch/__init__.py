"""Moisture of living fuel from three months of satellites and weather: Presto's encoder and a head."""
