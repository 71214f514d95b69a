"""Measured runs, and the metrics by which they are compared.

`runs` are the records; `from_store` reads them from a store; `predictions` keeps what is needed of
each run's probabilities; `metric` says what a metric is, `built_in_metrics` which there are;
`table` is the one view from which questions are answered.
"""
