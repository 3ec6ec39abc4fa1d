"""Screening campaigns: a plan, shards of work that may be carried out anywhere, and the tables a lab takes over."""
