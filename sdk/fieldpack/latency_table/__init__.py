"""Latency by operator, estimated from a table that was fitted to runs on one target.

``operator_work`` says what a file has to do, ``table`` holds what that takes. The fit stands in the package
of benchmarks, beside the runs. An estimate is never evidence for a gate: a limit on latency wants a record.
"""
