"""Targets: densities known up to a constant, and what else is known of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from torch import Tensor

from sciencegen.core.condition import Continuous

__all__ = ["Measure", "Target"]

Measure = Callable[[Tensor], Tensor]
"""A number for each point [n, d]: [n]."""


@dataclass(frozen=True)
class Target:
    """The density exp(-energy / (boltzmann * temperature)) / Z of points with named coordinates.

    `temperatures` is one number, or two: then the temperature is a condition within them. `regions` are parts of the
    space, such as the basins of two states, between which free energies differ.
    """

    name: str
    names: tuple[str, ...]
    energy: Measure
    temperatures: tuple[float, ...] = (1.0,)
    boltzmann: float = 1.0
    unit: str = "kT"
    """Of the energy."""
    middle: tuple[float, ...] = ()
    """Where points lie, roughly; empty for 0."""
    scale: tuple[float, ...] = ()
    """How far they lie from there, roughly; empty for 1."""
    periodic: bool = False
    """Whether coordinates are angles from -pi to pi."""
    box: tuple[tuple[float, float], ...] = ()
    """What holds all but a billionth of the density, where there are so few coordinates that it can be integrated."""
    observables: Mapping[str, Measure] = field(default_factory=lambda: MappingProxyType({}))
    """What is measured of points, beside their energy."""
    regions: Mapping[str, Measure] = field(default_factory=lambda: MappingProxyType({}))
    """Which points lie in a region: booleans."""
    modes: Tensor | None = None  # [modes, d]
    """Where the density has its peaks, where that is known."""
    log_partition: Callable[[float], float | None] | None = None
    """ln Z at a temperature, where it has a formula."""
    draw: Callable[[int], Tensor] | None = None
    """Draws points of the density itself at its one temperature, where there is a way."""

    @property
    def conditional(self) -> bool:
        """Whether the temperature is a condition."""
        return len(self.temperatures) == 2

    @property
    def fields(self) -> tuple[Continuous, ...]:
        """What may be asked for."""
        if not self.conditional:
            return ()
        low, high = self.temperatures
        return (Continuous("temperature", "", (low + high) / 2, (high - low) / 12**0.5, low, high, needed=True),)

    def reduced(self, x: Tensor, temperature: Tensor | float | None = None) -> Tensor:
        """The energy of points over kT: [n]."""
        at = self.temperatures[0] if temperature is None else temperature
        return self.energy(x) / (self.boltzmann * at)
