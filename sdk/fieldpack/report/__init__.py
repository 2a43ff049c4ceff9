"""The report: one HTML file that a mobile team and a manager can read on any screen.

:func:`fieldpack.report.page.render` makes it from a bundle alone; each section has a file of its own.
"""
