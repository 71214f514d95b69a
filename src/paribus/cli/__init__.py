"""The command `paribus`: a thin module for each of its commands."""
