"""Training: the one loop, the one checkpoint format, the journal."""
