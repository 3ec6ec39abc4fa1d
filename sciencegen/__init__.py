"""Deep generative models for science that a lab can use.

>>> import sciencegen
>>> sorted(sciencegen.RECIPES)[:2]
['arrays/fvsbn', 'arrays/gru']
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sciencegen.estimator import FlowDensity
    from sciencegen.model import Model, load
    from sciencegen.recipes import RECIPES

__version__ = "0.1.0"
__all__ = ["RECIPES", "FlowDensity", "Model", "__version__", "load"]


def __getattr__(name: str) -> Any:
    """Find the public names when they are first asked for, so that importing sciencegen does not import torch."""
    if name == "RECIPES":
        from sciencegen.recipes import RECIPES

        return RECIPES
    if name == "FlowDensity":
        from sciencegen.estimator import FlowDensity

        return FlowDensity
    if name in ("Model", "load"):
        from sciencegen import model

        return getattr(model, name)
    raise AttributeError(f"module 'sciencegen' has no attribute {name!r}")
