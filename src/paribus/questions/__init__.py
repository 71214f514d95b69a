"""Answers the questions of a study: a module a kind, and one place where they are adjusted.

Read in this order: `kind` (what a kind of question consists of), `finding` (the records that
questions are concluded in, without a sentence), `compare`, `step_time`, `count`, `family` (adjusts
p values once, then concludes), `original` (a finding beside the report that a study repeats).
"""
