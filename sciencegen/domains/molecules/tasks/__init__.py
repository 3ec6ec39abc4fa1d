"""Problems of molecular optimisation that have been published, by name."""

from sciencegen.domains.molecules.tasks.pmo import TASKS

__all__ = ["TASKS"]
