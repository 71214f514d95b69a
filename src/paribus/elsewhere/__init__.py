"""Results that were made elsewhere, judged as the runs of a study are.

A table goes this way: `formats`, found by `readers`, read it of files as a `Frame`; `shapes` make
it one with a row for each run; `columns` say which column is what; `recorded` are the runs of its
rows; `asked` are the questions about their pairs. `judge` goes it, by the `terms` of the user, and
returns findings with `notices`.
"""
