"""Domains: what is known of each kind of item."""
