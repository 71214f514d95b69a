"""Trains what of a study is missing from a store."""
