"""Families: probability over spaces, with nets handed in."""
