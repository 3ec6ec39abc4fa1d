"""Recipes for molecular graphs: latent models of whole graphs, and models that grow them from a scaffold."""

from __future__ import annotations

from dataclasses import dataclass, replace

from sciencegen.core.condition import ConditionFields
from sciencegen.core.generator import Generator
from sciencegen.core.growth import Growth, Layout
from sciencegen.core.objective import Objective, Ramp
from sciencegen.core.space import Graphs, Space, Tokens
from sciencegen.domains.molecules.domain import Molecules
from sciencegen.domains.molecules.graphs import Pairs
from sciencegen.domains.molecules.growths import Growths, Scaffolded
from sciencegen.domains.molecules.molecule import Molecule
from sciencegen.families.autoregressive import Autoregressive
from sciencegen.families.vae import VAE, Diagonal, Matrix, Spelled, Spelling
from sciencegen.nets.causal.partial_graph import PartialGraph
from sciencegen.nets.conditioner import Conditioner
from sciencegen.nets.graph import GraphReader, Messages
from sciencegen.nets.mlp import MLP
from sciencegen.objectives.elbo import ELBO
from sciencegen.objectives.likelihood import MaximumLikelihood
from sciencegen.recipes.grammars import Latents, Learned, alone, latents
from sciencegen.recipes.molecules import ASK
from sciencegen.recipes.recipe import Recipe
from sciencegen.train.settings import Settings

__all__ = ["GrownVAE", "graph_vae", "graph_vae_one_shot", "scaffolds"]

_SETTINGS = Settings(batch=256, rate=2e-3, epochs=20, warmup=300, schedule="cosine", beta2=0.99, clip=5.0, ema=0.999)
SCAFFOLD = "scaffold"


@dataclass(frozen=True)
class GrownVAE:
    """The options of a latent model of graphs.

    A graph is read as a whole by `messages` along its bonds, `depth` times, `reader` numbers to an atom; where atoms
    are `numbered`, as they are written, latents say more. It is written atom by atom and bond by bond by a net of
    `width`. `prior`: latents are drawn from a standard normal, or from a `flow` that learns where the encodings lie;
    `learn=prior` teaches it alone, quickly, what a trained model knows. `keep` is the share of draws kept, those from
    which the valence mask took least.
    """

    messages: Messages = "gine"
    reader: int = 128
    depth: int = 4
    numbered: bool = True
    width: int = 384
    rounds: int = 2
    latent: int = 64
    code: int = 256
    context: int = 64
    prior: Latents = "flow"
    learn: Learned = "all"
    beta: float = 0.01
    ramp: int = 1000
    hide: float = 0.5
    keep: float = 1.0

    def generator(self, space: Space, fields: ConditionFields) -> Generator:
        """The model of a space."""
        assert isinstance(space, Tokens)
        conditioner, layout = Conditioner(fields, self.context), _layout(space)
        net = PartialGraph(layout, self.code, self.width, rounds=self.rounds)
        return VAE(
            space,
            GraphReader(
                layout.read,
                layout.kinds,
                len(layout.orders),
                conditioner.width,
                self.width,
                self.reader,
                self.depth,
                self.messages,
                numbers=layout.nodes if self.numbered else 0,
            ),
            Diagonal(self.width, self.latent),
            MLP(self.latent, self.code, [self.code], conditioner.width),
            Spelled(space, net, self.code, Spelling(keep=self.keep)),
            conditioner,
            dense=False,
            prior=latents(self.prior, self.latent, conditioner.width),
        )

    def objective(self, space: Space, fields: ConditionFields) -> Objective:
        """What it is trained with."""
        return ELBO(Ramp(0.0, self.beta, self.ramp), self.hide) if self.learn == "all" else alone(self.prior, self.hide)


def _layout(space: Tokens) -> Layout:
    assert isinstance(space.constraint, Growth)
    return space.constraint.layout


_MODEL = GrownVAE()


def graph_vae(model: GrownVAE = _MODEL) -> Recipe[Molecule]:
    """Latents of molecular graphs (GraphVAE; Simonovsky, Komodakis; 2018), written atom by atom and bond by bond under
    a mask of valence, so that every draw is a molecule."""
    return Recipe(
        domain=Molecules(),
        representation=Growths,
        generator=model.generator,
        objective=model.objective,
        ask=ASK,
        settings=_SETTINGS,
        bucketed=True,
    )


def graph_vae_one_shot(
    messages: Messages = "gine",
    reader: int = 128,
    depth: int = 4,
    width: int = 512,
    latent: int = 64,
    context: int = 64,
    beta: float = 0.1,
    ramp: int = 1000,
    hide: float = 0.5,
) -> Recipe[Molecule]:
    """The same with the decoder of the original, which writes all atoms and all bonds at once, each for itself; few of
    its draws are molecules."""

    def generator(space: Space, fields: ConditionFields) -> Generator:
        assert isinstance(space, Graphs)
        conditioner, matrix = Conditioner(fields, context), Matrix(space)
        kinds, edges = space.node_kinds - 1, space.edge_kinds - 1
        return VAE(
            space,
            GraphReader(space.read, kinds, edges, conditioner.width, width, reader, depth, messages),
            Diagonal(width, latent),
            MLP(latent, matrix.all_numbers, [width, width], conditioner.width),
            matrix,
            conditioner,
            dense=False,
        )

    return Recipe(
        domain=Molecules(),
        representation=Pairs,
        generator=generator,
        objective=lambda space, fields: ELBO(Ramp(0.0, beta, ramp), hide),
        ask=ASK,
        settings=_SETTINGS,
    )


def scaffolds(
    width: int = 512,
    depth: int = 1,
    rounds: int = 2,
    context: int = 128,
    dropout: float = 0.0,
    hide: float = 0.65,
    spellings: int = 5,
) -> Recipe[Molecule]:
    """Molecules that grow from a scaffold, atom by atom and bond by bond (Molecular generative model based on
    conditional graphs; Lim, Hwang, Moon, Kim, Kim; 2019); every draw is a molecule that holds it."""

    def generator(space: Space, fields: ConditionFields) -> Generator:
        assert isinstance(space, Tokens)
        conditioner = Conditioner(replace(fields, given=()), context)
        net = PartialGraph(_layout(space), conditioner.width, width, depth, rounds=rounds, dropout=dropout)
        (begins,) = fields.given
        return Autoregressive(space, net, conditioner, masked=False, begins=begins)

    return Recipe(
        domain=Molecules(),
        representation=Scaffolded,
        generator=generator,
        objective=lambda space, fields: MaximumLikelihood(hide),
        ask=ASK,
        settings=_SETTINGS,
        bucketed=True,
        spellings=spellings,
        beginnings=(SCAFFOLD,),
    )
