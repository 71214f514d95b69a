"""A package that adds one part of each kind to Paribus: a file and an entry point for each."""
