"""What the studies of the eleven families do in worker processes: convert, export, run, time."""
