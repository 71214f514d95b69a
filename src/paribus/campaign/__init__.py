"""A command's work on a study: what was asked for, what is missing, training it, how it gets on.

`campaign` is the object that each command makes once; `cells` and `run` train what its store lacks,
and write to the store; `progress` estimates the time left; `lookup` and `stored` find experiments,
runs and studies of a store by name.
"""
