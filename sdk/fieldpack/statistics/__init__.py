"""Statistics behind the verdicts, one method a file, numpy and the standard library only.

====================  ==========================================================
``interval``          the answer of every method: estimate and two one-sided bounds
``normal``            quantiles of the normal distribution
``incomplete_beta``   tail of the binomial distribution and its inverse
``binomial``          share of successes: Wilson score and exact Clopper-Pearson
``paired``            difference of two shares on the same items: Tango score
``mcnemar``           exact test of that difference
``bootstrap``         means and macro means, by class or by block
``resampled_sums``    functions of sums, such as an RMSE or a ratio, by block
``clustering``        what items in groups count less
``sample_size``       how many examples a limit needs
``holm``              several tests at once
====================  ==========================================================

Every bound is one-sided: ``confidence=0.95`` means that each bound alone is wrong at most
one time in twenty; the two together make a 90 % interval.
"""
