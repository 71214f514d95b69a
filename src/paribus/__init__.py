"""Train variants of a small image classifier over several seeds, and tell which differences are real."""
