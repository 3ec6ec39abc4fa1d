"""Optimisation: where a model, what is wanted, and an oracle that can be asked so often meet."""
