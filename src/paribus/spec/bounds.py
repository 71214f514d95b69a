"""Bounds on what a study can ask for, far above what is meant: a slip of the pen is reported, and
neither trained nor computed for minutes."""

from __future__ import annotations

MOST_BYTES = 500_000
"""bytes of a study file"""
DEEPEST_FILE = 10
"""levels of brackets in a study file, and parts of a dotted key"""
MOST_DIGITS = 100
"""characters of a number"""
MOST_KEYS = 1000
"""keys of a table: experiments, or settings of one"""
LONGEST_LIST = 10_000
"""entries of a list"""
MOST_VARIANTS = 200
"""variants of a grid"""
MOST_QUESTIONS = 1000
"""questions"""
MOST_SEEDS = 1000
"""seeds"""
FEWEST_AT_FIRST_LOOK = 5
"""seeds at the first planned look, at least"""
FEWEST_REPLICATES = 5
"""seeds of a study that tunes, at least: each is a replicate of the tuning"""
MOST_LOOKS = 20
"""planned looks"""
HIGHEST_SEED = 1_000_000
"""the first seed of a study"""
LONGEST_NAME = 100
"""characters of an experiment's name, which is part of file names"""
LONGEST_LABEL = 100
"""characters of an experiment's label"""
MOST_LAYERS = 2000
"""layers of a network, those in blocks included"""
MOST_LAYERS_OF_STUDY = 50_000
"""layers of all networks of a study"""
DEEPEST = 20
"""levels of residual blocks, or of brackets in the text of a layer"""
MOST_UNITS = 1_000_000
"""channels or features of a layer"""
LARGEST_WINDOW = 1001
"""rows and columns of a kernel or pooling window, and steps of a stride"""
MOST_PARAMETERS = 100_000_000
"""parameters of a network (400 MB, which every run keeps)"""
MOST_ACTIVATIONS = 50_000_000
"""values that the layers of a network compute for one image (200 MB)"""
MOST_EPOCHS = 100_000
"""epochs"""
MOST_TRIALS = 1000
"""trials of a tuned experiment"""
MOST_IMAGES = 100_000_000
"""images to train on, to hold out, or of a batch"""
MOST_TOLD = 50
"""errors that are reported together"""
