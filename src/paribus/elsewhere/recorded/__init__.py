"""The runs of a table and their values, and what is wrong with them.

`runs` reads them as `records`: `rows` are a run, one of its `values` counts. `missing` settles what
runs without a value are."""
