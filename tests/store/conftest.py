"""The folder of the old store holds a user's files, no tests."""

collect_ignore = ["old_store"]
