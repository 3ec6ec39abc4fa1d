"""Expressions: functions of x as people write them, and how well they fit another."""

from sciencegen.domains.expressions.domain import Expressions
from sciencegen.domains.expressions.rules import ExpressionRules
from sciencegen.domains.expressions.target import Target
from sciencegen.domains.expressions.tree import Tree, evaluated, parsed, written

__all__ = ["ExpressionRules", "Expressions", "Target", "Tree", "evaluated", "parsed", "written"]
