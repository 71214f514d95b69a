"""Measured runs, and the metrics by which they are compared.

`runs` are the records; `from_store` reads them from a store; `predictions` keeps what is needed of
each run's probabilities; `metric` and `metrics` are what a question can be about; `table` is the
one view from which questions are answered.
"""
