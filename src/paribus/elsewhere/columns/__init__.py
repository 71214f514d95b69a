"""Which column of a table is what.

`roles` decides: by `names`, by what `metrics` knows, and whether rows are `sweeps` over epochs."""
