"""The contracts: spaces, conditions, generators, objectives, batches, domains. torch and the standard library only."""
