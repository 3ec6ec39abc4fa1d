"""External scorers: programs of the user's own that say numbers of items."""
