"""Would our tests notice a wrong operator? Faults are planted one by one, and the tests are run.

``faults/`` lists small, plausible mistakes as data, a file for each family of operators: a file, the text
that is right, the text that is wrong, and what that breaks. ``scratch`` plants one into a copy of the
package, ``trial`` runs our own tests there, and coremltools' tests of the operator where ours see nothing.
"""
