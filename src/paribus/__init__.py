"""Train variants of a small image classifier over seeds; tell which differences are real."""
