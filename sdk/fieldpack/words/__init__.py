"""Texts about bundles for people: the model card, and the note that tells of a new version.

==================  ==================================================================================
module              holds
==================  ==================================================================================
``said``            sentences in which every number has a source, else they are not said
``stated``          values of a bundle with the place where they stand, as Markdown
``record``          one bundle as stated values
``card``            the model card: ``card_metadata`` for Hugging Face, ``contract_words``, ``card_figures``
                    and ``card_limits``
``release_note``    the note: ``covered`` (kinds), ``progress`` (better and worse), ``phones``
``testing``         the law of numbers, checked from outside
==================  ==================================================================================
"""
