"""Tables of ``fieldpack.latency_table``, fitted to the records of one target."""
