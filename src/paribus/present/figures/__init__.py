"""Figures of a report: `shown` says what each shows, a module for each kind draws it."""
