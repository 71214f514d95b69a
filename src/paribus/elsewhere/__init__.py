"""Results that were made elsewhere, judged as the runs of a study are.

`readers` finds the reader of a file, a module per format; each returns a `Frame`, a table as the
file has it. `columns` says which column is what, `runs` makes of it the rows that `measure.table`
has of a store, and `judge` asks about every pair.
"""
