"""Trust: a detached signature over the bytes of a bundle and over what it claims.

``statement.py`` says what is signed, ``signature.py`` is the file that carries it, ``keys.py`` opens
keys. ``checks.py`` holds a bundle against all three and against ``rollback.py``; ``signing.py`` writes a
signature, with the entry of ``bill_of_materials.py`` beside it. The formats are published ones: an in-toto
statement in a DSSE envelope in a Sigstore bundle, with the predicate of the model-signing project, whose own
tool accepts a signature of ours. The library ``cryptography`` is an extra and imported where it is used.
"""

from fieldpack.trust.checks import Demand, Judgement, check_signed, judge
from fieldpack.trust.signing import Signed, sign_bundle

__all__ = ["Demand", "Judgement", "Signed", "check_signed", "judge", "sign_bundle"]
