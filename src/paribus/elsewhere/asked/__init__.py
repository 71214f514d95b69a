"""What is asked of the runs of a table: about which pairs, in what they differ, the questions."""
