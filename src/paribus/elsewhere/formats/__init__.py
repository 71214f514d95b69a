"""What other tools write, read as a `Frame`: a module for each format, found by `readers`.

`run_folders` says which experiment and seed the names of runs, and of their folders, are of."""
