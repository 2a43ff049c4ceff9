"""Texts about bundles for people: the model card, and the note that tells of a new version.

========================  ======================================================================
module                    holds
========================  ======================================================================
``said``                  sentences in which every number has a source, else they are not said
``stated``                values of a bundle with the place where they stand, as Markdown
``record``                one bundle as stated values
``card``                  the model card: sections in Markdown under the Hub's metadata
``card_metadata``         that metadata, by the specification of Hugging Face
``contract_words``        what goes in and what comes out, in sentences
========================  ======================================================================
"""
