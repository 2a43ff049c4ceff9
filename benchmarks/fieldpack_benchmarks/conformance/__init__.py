"""coremltools' own tests, run from the installed wheel, with Fieldpack's runtime in place of Core ML.

Apple wrote these tests to pass on a Mac: they build a program, convert it, predict and compare with
numpy, torch or a written value. Passing means agreement with what Apple asserts of Core ML, to the
tolerance of the test; it is not a Mac. ``masquerade`` patches coremltools, ``proxy`` and ``border``
stand in for Apple's runtime, ``plugin`` is what pytest loads, ``sample`` draws, ``run`` runs and
``summary`` counts, against the known deviations of ``deviations.toml``.
"""
