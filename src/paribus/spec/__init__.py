"""Specification of what is trained: layers, networks, experiments, studies and their
differences."""
