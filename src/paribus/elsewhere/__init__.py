"""Results that were made elsewhere, judged as the runs of a study are.

A table goes this way: `formats`, found by `readers`, read it of files as a `Frame`; `shapes` make
it one with a row for each run; `columns` say which column is what; `runs` are read of its rows;
`asked` are the questions about pairs of experiments. `judge` goes it, by the `terms` of the user,
and returns findings with `notices`.
"""
