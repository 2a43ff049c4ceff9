"""Layer classes that public Keras files use without carrying their code."""
