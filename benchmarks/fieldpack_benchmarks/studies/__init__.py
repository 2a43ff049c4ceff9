"""Studies registered under the entry-point group ``fieldpack.studies``, one a file."""
