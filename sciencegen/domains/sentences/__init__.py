"""Sentences: any language that a grammar describes."""

from sciencegen.domains.sentences.domain import Sentences
from sciencegen.domains.sentences.language import Language
from sciencegen.domains.sentences.representations import SentenceRules
from sciencegen.domains.sentences.rules import Ruled, Rules, grammar_of

__all__ = ["Language", "Ruled", "Rules", "SentenceRules", "Sentences", "grammar_of"]
