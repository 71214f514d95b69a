"""Trains batches of runs, on this machine or elsewhere: jobs in, events out. Knows no store."""
