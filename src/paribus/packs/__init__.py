"""Runs of a store as files to pass on, without weights, and back.

FOLDER/pack.json    experiments, studies with their plans, timings, and the digest of every run
FOLDER/RUN.run      a run that has ended: curves, predictions, where it was trained

`run_file` and `index` are the formats; `pack` writes a folder, `unpack` reads one. A pack may come
from a stranger: docs/packs.md says what is checked.
"""
