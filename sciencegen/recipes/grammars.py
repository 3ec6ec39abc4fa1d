"""Recipes for grammars: latent models whose decoder writes the rules of sentences."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeVar

from torch import nn

from sciencegen.core.condition import ConditionFields, Continuous
from sciencegen.core.domain import Domain, Representing
from sciencegen.core.generator import Generator
from sciencegen.core.objective import Objective, Ramp
from sciencegen.core.space import Discrete, Space, Tokens
from sciencegen.errors import RequestError
from sciencegen.families.flow import AffineCoupling, Reverse
from sciencegen.families.vae import VAE, Carried, Diagonal, Prior, Spelled, Spelling, Standard
from sciencegen.grammar import StackMachine
from sciencegen.nets.causal import CausalNet, Gated, Recurrent, Unrolled
from sciencegen.nets.conditioner import Conditioner
from sciencegen.nets.mlp import MLP
from sciencegen.nets.readers import Convolutional, Folded
from sciencegen.objectives.elbo import ELBO, PriorAlone
from sciencegen.recipes.recipe import Recipe
from sciencegen.train.settings import Settings

__all__ = ["Decoder", "Encoder", "Latents", "Learned", "SpelledVAE", "alone", "kept", "latents", "spelled_vae"]

T = TypeVar("T")
Encoder = Literal["convolutional", "recurrent"]
Decoder = Literal["recurrent", "unrolled"]
Latents = Literal["normal", "flow"]
Learned = Literal["all", "prior"]


@dataclass(frozen=True)
class SpelledVAE:
    """The options of a latent model of sequences.

    `encoder` reads whole sequences, and `decoder` writes them: entry by entry, each knowing those before it, or
    `unrolled`, where only the constraint ties them together. `forget` is the share of entries a decoder that knows
    them is not shown while learning, so that latents say more. `conditioned`: whether properties are given to all
    parts; or else `regress` weighs how well latents must tell them. `prior`: latents are drawn from a standard normal,
    or from a `flow` that learns where the encodings lie, given the properties; where the others are `blind` it is the
    only part that is told any, and `learn=prior` teaches it alone, quickly, what a trained model knows. `masked`:
    whether the likelihood is that under the whole constraint, guards and all, rather than under its syntax. `keep` is
    the share of draws kept, those from which guards took least.
    """

    encoder: Encoder = "convolutional"
    decoder: Decoder = "recurrent"
    width: int = 512
    depth: int = 1
    embed: int = 128
    latent: int = 56
    prior: Latents = "normal"
    learn: Learned = "all"
    blind: bool = False
    code: int = 256
    context: int = 64
    dropout: float = 0.0
    forget: float = 0.0
    beta: float = 0.1
    ramp: int = 2000
    free_bits: float = 0.0
    hide: float = 0.5
    regress: float = 0.0
    conditioned: bool = True
    masked: bool = False
    keep: float = 0.5

    def generator(self, space: Space, fields: ConditionFields) -> Generator:
        """The model of a space."""
        assert isinstance(space, Discrete)
        conditioner = Conditioner(fields if self.conditioned else ConditionFields(), self.context)
        net = self._net(space)
        return VAE(
            space,
            self._encoder(space, conditioner.width),
            Diagonal(self.width, self.latent),
            MLP(self.latent, self.code, [self.code], conditioner.width),
            Spelled(space, net, self.code, Spelling(keep=kept(space, self.keep)), self.masked),
            conditioner,
            dense=False,
            predictor=self._predictor(fields),
            prior=latents(self.prior, self.latent, conditioner.width),
            blind=self.blind,
        )

    def objective(self, space: Space, fields: ConditionFields) -> Objective:
        """What it is trained with."""
        whole = ELBO(Ramp(0.0, self.beta, self.ramp), self.hide, self.free_bits, self.regress)
        return whole if self.learn == "all" else alone(self.prior, self.hide)

    def _encoder(self, space: Discrete, context: int) -> nn.Module:
        if self.encoder == "recurrent":
            return Folded(space, context, self.width, self.width // 2, self.embed)
        return Convolutional(space, context, self.width, self.width // 2, self.embed)

    def _net(self, space: Discrete) -> CausalNet:
        if self.decoder == "unrolled":
            return Unrolled(space, self.code, self.width, 3)
        return Recurrent(space, self.code, Gated(), self.width, self.depth, self.dropout, self.embed, self.forget)

    def _predictor(self, fields: ConditionFields) -> nn.Module | None:
        numbers = sum(isinstance(field, Continuous) for field in fields.fields)
        if not self.regress or not numbers:
            return None
        return nn.Sequential(nn.Linear(self.latent, 128), nn.SiLU(), nn.Linear(128, numbers))


def latents(kind: Latents, latent: int, context: int) -> Prior:
    """Where latents are drawn from."""
    if kind == "normal":
        return Standard()
    layers = [(AffineCoupling(latent, [256, 256], context), Reverse()) for _ in range(8)]
    return Carried([part for layer in layers for part in layer])


def alone(kind: Latents, hide: float) -> Objective:
    """What teaches where latents are drawn from, and nothing else."""
    if kind == "normal":
        raise RequestError("learn=prior: a normal prior has nothing to learn; set prior=flow")
    return PriorAlone(hide)


def kept(space: Space, keep: float) -> float:
    """The share of draws kept: all of them where nothing but syntax is forbidden."""
    machine = space.constraint if isinstance(space, Tokens) else None
    return keep if isinstance(machine, StackMachine) and machine.guards else 1.0


def spelled_vae(
    domain: Domain[T], representation: Representing[T], ask: tuple[str, ...], options: SpelledVAE, settings: Settings
) -> Recipe[T]:
    """The recipe of such a model."""
    return Recipe(
        domain=domain,
        representation=representation,
        generator=options.generator,
        objective=options.objective,
        ask=ask,
        settings=settings,
        bucketed=True,
    )
