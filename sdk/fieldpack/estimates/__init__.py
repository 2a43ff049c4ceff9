"""What numbers of a regression say of a quantity: standard deviations, intervals, and their refit.

``intervals.py`` turns outputs into the ends of the contract's intervals, ``conformal.py`` fits what they need
on calibration data, flavour by flavour.
"""
