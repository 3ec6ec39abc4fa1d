"""Sequences of DNA, RNA, proteins and peptides, as their letters."""

from sciencegen.domains.sequences.domain import Sequences

__all__ = ["Sequences"]
