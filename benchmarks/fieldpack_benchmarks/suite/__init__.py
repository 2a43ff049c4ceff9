"""What the Python parts take, by pytest-benchmark: ``make bench``.

Files are named ``*_benchmark.py``, so that plain pytest leaves them alone: timing never decides a test. What
belongs together is one group, whose table shows each beside the fastest of the same run; where one thing is
the cost of another, both are timed in turn as well, and ``extra_info`` of the result file has the ratio.
"""
