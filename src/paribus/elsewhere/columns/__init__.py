"""Which column of a table is what.

`roles` decides: by `names`, by what `metrics` knows, by how numbers count (`counters`)."""
