"""The latent space of a model of expressions: draws of its decoder, and how good its codes are."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from sciencegen.core.generator import Predicting
from sciencegen.errors import RequestError
from sciencegen.model import Model

__all__ = ["Codes", "Worth"]

_TOGETHER = 4096


@dataclass(frozen=True)
class Worth:
    """What latents are worth on expressions the model was not trained on."""

    expressions: int
    reconstructed: float
    """The share whose most probable code gives them back, spelled by its most probable rules."""
    valid: float
    """The share of draws that are expressions."""
    distinct: float
    novel: float
    error: float | None
    """The root mean squared error of the score told from the code; None where the model was not taught it."""
    mean: float
    """The same of the mean of training."""
    rank: float | None
    """The rank correlation of what is told with what is so."""

    def lines(self) -> list[str]:
        """The same as a person reads it."""
        told = "the model was not taught to tell the score (regress=1)"
        if self.error is not None and self.rank is not None:
            told = f"score told from the code: RMSE {self.error:.3f}, of the mean {self.mean:.3f}, rank {self.rank:.3f}"
        return [
            f"reconstruction of {self.expressions:,} held-out expressions: {self.reconstructed:.1%}",
            f"draws of the prior: {self.valid:.1%} valid, {self.distinct:.1%} different, {self.novel:.1%} new",
            told,
        ]


@dataclass(frozen=True)
class Codes:
    """A model used by its latent space."""

    model: Model[str]

    def __post_init__(self) -> None:
        if not isinstance(self.model.generator, Predicting):
            raise RequestError(f"{self.model.recipe} has no latent space: train expressions/grammar-vae")

    @property
    def latent(self) -> Predicting:
        """The generator."""
        assert isinstance(self.model.generator, Predicting)
        return self.model.generator

    def of(self, items: Sequence[str]) -> Tensor:
        """The codes of expressions."""
        return self.model.encode(items).cpu()

    def prior(self, n: int, seed: int) -> Tensor:
        """Codes drawn."""
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            return self.latent.prior(n).cpu()

    @torch.no_grad()
    def spellings(self, z: Tensor, times: int, seed: int) -> list[list[str]]:
        """The expressions that draws of the decoder make of each code, those drawn most often first."""
        rows = z.to(self.latent.device, self.latent.dtype).repeat_interleave(times, 0)
        made: list[str | None] = []
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            for some in rows.split(_TOGETHER):
                made += self.model.representation.decode(self.latent.spelled(some).x)
        each = [made[i : i + times] for i in range(0, len(made), times)]
        return [[item for item, _ in Counter(one for one in some if one).most_common()] for some in each]

    def worth(self, held: Sequence[str], seen: Sequence[str], draws: int, seed: int) -> Worth:
        """How good codes are, on expressions held out, and draws beside those seen in training."""
        domain = self.model.domain
        z = self.of(held)
        back = [item for some in z.split(_TOGETHER) for item in self.model.decode(some)]
        drawn = [item for some in self.spellings(self.prior(draws, seed), 1, seed) for item in some]
        true = np.array(domain.measure(held, ["error"])["error"], dtype=np.float64)
        known = set(seen)
        told = self._told(z)
        field = next((one for one in self.model.fields.fields if one.name == "error"), None)
        middle = getattr(field, "mean", float(true.mean()))
        return Worth(
            len(held),
            sum(a == b for a, b in zip(held, back, strict=True)) / len(held),
            len(drawn) / draws,
            len(set(drawn)) / max(len(drawn), 1),
            sum(item not in known for item in drawn) / max(len(drawn), 1),
            None if told is None else float(np.sqrt(np.mean((told - true) ** 2))),
            float(np.sqrt(np.mean((middle - true) ** 2))),
            None if told is None else _rank_correlation(told, true),
        )

    def _told(self, z: Tensor) -> NDArray[np.float64] | None:
        names = [one.name for one in self.model.fields.fields]
        if not self.model.config["options"]["regress"] or "error" not in names:
            return None
        field = self.model.fields.fields[names.index("error")]
        with torch.no_grad():
            values = self.latent.predict(z.to(self.latent.device, self.latent.dtype))[:, names.index("error")]
        found: NDArray[np.float64] = values.double().cpu().numpy() * field.std + field.mean
        return found


def _rank_correlation(a: NDArray[np.float64], b: NDArray[np.float64]) -> float:
    ranks = [np.argsort(np.argsort(side)).astype(np.float64) for side in (a, b)]
    return float(np.corrcoef(*ranks)[0, 1])
