"""Latency done properly: how long to sample, when a run is void, which of two is slower, what heat does.

Nothing here runs a model; a transport of :mod:`fieldpack_benchmarks.targets` does.
"""
