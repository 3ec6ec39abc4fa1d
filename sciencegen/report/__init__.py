"""Reports for people: one HTML page that needs nothing beside it."""

from sciencegen.report.page import page

__all__ = ["page"]
