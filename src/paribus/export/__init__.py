"""Runs and stores for other tools: a module for each format.

`onnx`, `torch` and `numpy` write one trained network; `csv`, `tensorboard` and `mlflow` write what
a whole store has. A module imports its tool only when it is used.
"""
