"""Projects that run a bundle on a phone, and what comes back from there.

``project.py`` writes a Gradle or a Swift project from a bundle: models, golden vectors and an index that says
all that the test needs, so that no word of a bundle ever stands in code. ``results.py`` reads the file that
the test wrote on the phone, as records. Both languages' sources are plain files below ``templates/``.
"""
