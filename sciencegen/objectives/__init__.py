"""Training principles: each sees only the capability it needs, yields losses, and never steps an optimiser."""

from sciencegen.objectives.adversarial import L1, R1, R2, Adversarial, Extra, GradientPenalty, Likelihood, Penalty
from sciencegen.objectives.divergences import (
    DIVERGENCES,
    F_GENERATORS,
    Divergence,
    FDivergence,
    Hinge,
    LeastSquares,
    Minimax,
    NonSaturating,
    RatioMatching,
    Relativistic,
    Wasserstein,
    divergence,
)
from sciencegen.objectives.elbo import ELBO, ImportanceWeighted, PriorAlone
from sciencegen.objectives.energies import Bootstrap, ReverseKL
from sciencegen.objectives.f_divergences import FGenerator
from sciencegen.objectives.flow_matching import FlowMatching
from sciencegen.objectives.likelihood import MaximumLikelihood
from sciencegen.objectives.moments import (
    MMD,
    EnergyKernel,
    GaussianKernel,
    Kernel,
    MedianScaled,
    MomentMatching,
    RationalQuadraticKernel,
)
from sciencegen.objectives.moved import Moved
from sciencegen.objectives.policy import AugmentedLikelihood
from sciencegen.objectives.translation import CycleConsistency

__all__ = [
    "DIVERGENCES",
    "ELBO",
    "F_GENERATORS",
    "L1",
    "MMD",
    "R1",
    "R2",
    "Adversarial",
    "AugmentedLikelihood",
    "Bootstrap",
    "CycleConsistency",
    "Divergence",
    "EnergyKernel",
    "Extra",
    "FDivergence",
    "FGenerator",
    "FlowMatching",
    "GaussianKernel",
    "GradientPenalty",
    "Hinge",
    "ImportanceWeighted",
    "Kernel",
    "LeastSquares",
    "Likelihood",
    "MaximumLikelihood",
    "MedianScaled",
    "Minimax",
    "MomentMatching",
    "Moved",
    "NonSaturating",
    "Penalty",
    "PriorAlone",
    "RatioMatching",
    "RationalQuadraticKernel",
    "Relativistic",
    "ReverseKL",
    "Wasserstein",
    "divergence",
]
