"""The latent space of a model: where items lie in it, what lies between and around them, and a map of many."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Generic, TypeVar

import torch
from torch import Tensor

from sciencegen.core.batch import seed_at, seeded
from sciencegen.core.condition import Continuous
from sciencegen.core.generator import Latent, Predicting
from sciencegen.errors import RequestError, UnknownName
from sciencegen.model import Model
from sciencegen.search.walks import Axes, Cloud, principal, shells, sphere, straight, upright

__all__ = ["WALKS", "LatentSpace", "Place", "alike", "outside"]

T = TypeVar("T")
WALKS = {"sphere": sphere, "line": straight}
_CLOUD, _TOGETHER, _DRAWS = 4096, 256, 20


@dataclass(frozen=True)
class Place(Generic[T]):
    """A latent, the item that lies there if there is one, and how far along or away it is."""

    z: Tensor
    item: T | None
    at: float


class LatentSpace(Generic[T]):
    """The latent space of a model. Distances in it are in units of how far latents spread, root mean squares over the
    dimensions: two draws of the prior are about 1.4 apart."""

    def __init__(self, model: Model[T]) -> None:
        if not isinstance(model.generator, Latent):
            raise RequestError(
                f"{model.recipe}: {type(model.generator).__name__} generators have no latent space: choose a model "
                "whose card says that it has one, such as grammar-vae"
            )
        self.model, self.generator = model, model.generator
        lean = model.generator.lean() if model.drawn_in == "bf16" else model.generator
        assert isinstance(lean, Latent)
        self._drawer: Latent = lean

    @cached_property
    def cloud(self) -> Cloud:
        """Where latents of the prior lie."""
        with seeded(0, self.generator.device), torch.no_grad():
            return Cloud.of(self.generator.prior(_CLOUD).flatten(1))

    @cached_property
    def shape(self) -> tuple[int, ...]:
        """What a latent looks like."""
        with seeded(0, self.generator.device), torch.no_grad():
            return tuple(self.generator.prior(2).shape[1:])

    def encode(self, items: Sequence[T]) -> Tensor:
        """The places of items, flat and standard: [n, d]."""
        return self.cloud.standard(self.model.encode(items).flatten(1))

    def encoded(self, item: T) -> Tensor:
        """The place of one item [d]; a complaint that names it where the model cannot spell it."""
        if reason := outside(self.model, [item]).get(0):
            raise RequestError(f"{self.model.domain.text(item)}: the model cannot encode it: {reason}")
        return self.encode([item])[0]

    def prior(self, n: int) -> Tensor:
        """Places drawn from where the model draws them: [n, d]."""
        with torch.no_grad():
            return self.cloud.standard(self.generator.prior(n).flatten(1))

    def latents(self, u: Tensor) -> Tensor:
        """The latents of places, as the generator knows them."""
        return self.cloud.placed(u).view(-1, *self.shape).to(self.generator.device, self.generator.dtype)

    def typical(self, u: Tensor) -> list[T | None]:
        """The most typical item of each place."""
        decode = self.model.representation.decode
        return [item for some in self.latents(u).split(_TOGETHER) for item in decode(self._drawer.decode(some))]

    def drawn(self, u: Tensor) -> list[T | None]:
        """An item drawn of each place, where several could lie there."""
        decode = self.model.representation.decode
        return [item for some in self.latents(u).split(_TOGETHER) for item in decode(self._drawer.spelled(some).x)]

    @cached_property
    def known(self) -> tuple[Continuous, ...]:
        """The properties that latents know, in the order they are predicted."""
        numbers = tuple(one for one in self.model.fields.fields if isinstance(one, Continuous))
        if not numbers or not isinstance(self.generator, Predicting):
            return ()
        try:
            with torch.no_grad():
                self.generator.predict(self.latents(self.cloud.centre.new_zeros(1, len(self.cloud.centre))))
        except RequestError:  # the kind of generator can be taught to, and this one was not
            return ()
        return numbers

    def predicted(self, u: Tensor) -> dict[str, list[float]]:
        """What the latents of places say of properties, in the units of these; nothing where they know none."""
        if not self.known:
            return {}
        with torch.no_grad():
            values = self.standardised(u).double().cpu()
        return {one.name: (values[:, i] * one.std + one.mean).tolist() for i, one in enumerate(self.known)}

    def standardised(self, u: Tensor) -> Tensor:
        """The same in units of how properties spread, differentiably: [n, k]."""
        assert isinstance(self.generator, Predicting)
        return self.generator.predict(self.latents(u))

    def between(self, a: T, b: T, n: int, walk: str = "sphere", seed: int = 0) -> list[Place[T]]:
        """`n` places on the way from one item to another, ends and all; where the most typical sample is no item, it is
        the one that comes up most often of several draws."""
        if n < 2:
            raise RequestError(f"n={n}: expected 2 or more: both ends are places on the way")
        if walk not in WALKS:
            raise UnknownName("walk", walk, WALKS)
        text = self.model.domain.text
        if text(a) == text(b):
            raise RequestError(f"both ends are {text(a)}: there is no way between them; neighbours walks around one")
        u = WALKS[walk](self.encoded(a), self.encoded(b), n)
        items = self.typical(u)
        with seeded(seed, self.generator.device):
            items = [self._often(u[i]) if item is None else item for i, item in enumerate(items)]
        return [Place(u[i], item, i / (n - 1)) for i, item in enumerate(items)]

    def _often(self, u: Tensor) -> T | None:
        text = self.model.domain.text
        found = [item for item in self.drawn(u.expand(_DRAWS, -1)) if item is not None]
        if not found:
            return None
        ((best, _),) = Counter(map(text, found)).most_common(1)
        return next(item for item in found if text(item) == best)

    def around(
        self, item: T, n: int, radius: float = 0.5, seed: int = 0, budget: int | None = None
    ) -> tuple[list[Place[T]], int]:
        """`n` distinct items around one, none of them itself, and how many places were looked at; fewer where the
        budget (100 places for each, unless it is said) ends first."""
        if n < 1:
            raise RequestError(f"n={n}: expected 1 or more")
        if not radius > 0 or radius == float("inf"):
            raise RequestError(f"radius={radius:g}: expected a number above 0; 0.5 is near, 1.4 as far as any other")
        centre, text = self.encoded(item), self.model.domain.text
        found: dict[str, Place[T]] = {}
        looked, most = 0, 100 * n if budget is None else budget
        while looked < most and len(found) < n:
            with seeded(seed_at(seed, looked), self.generator.device):
                many = min(_TOGETHER, most - looked)
                radii = radius * torch.rand(many, dtype=centre.dtype, device=centre.device)
                u = shells(centre, radii)
            looked += many
            for i, one in enumerate(self.typical(u)):
                if one is not None and text(one) != text(item) and len(found) < n:
                    found.setdefault(text(one), Place(u[i], one, float(radii[i])))
        return list(found.values()), looked

    def axes(self, u: Tensor, along: Sequence[str] = ()) -> Axes:
        """Two directions to draw places by: those they differ in most, or those in which properties grow that latents
        know; the second is what it adds to the first."""
        if not along:
            return principal(u)
        names = [one.name for one in self.known]
        if not names:
            raise RequestError(f"the latents of {self.model.recipe} know no properties: draw the map along pca")
        if len(along) != 2 or along[0] == along[1]:
            raise RequestError(f"along {','.join(along)}: expected pca, or two properties such as {names[0]},...")
        for name in along:
            if name not in names:
                raise UnknownName("property that latents know", name, names)
        with torch.enable_grad():
            place = u.detach().clone().requires_grad_(True)
            values = self.standardised(place)
            ways = [
                torch.autograd.grad(values[:, names.index(name)].sum(), place, retain_graph=True)[0].mean(0)
                for name in along
            ]
        return upright(ways, u)


def alike(model: Model[T], to: T, items: Sequence[T]) -> list[float] | None:
    """How alike items are to one, from 0 to 1; None where the domain does not know."""
    try:
        likeness = model.domain.likeness([to, *items])
    except RequestError:
        return None
    return [float(value) for value in likeness.to(0)[1:]]


def outside(model: Model[T], items: Sequence[T]) -> Mapping[int, str]:
    """The items that a model cannot encode, by their place, and why not."""
    said: dict[int, str] = {}
    halves = [list(range(len(items)))]
    while halves:  # where some cannot be encoded together, their halves are tried, down to the item at fault
        places = halves.pop()
        try:
            if places:
                model.representation.encode([items[i] for i in places])
        except RequestError as error:
            if len(places) == 1:
                said[places[0]] = re.sub(r"^\w+ 1:? ", "", str(error))  # its number is that of a list of one
            else:
                middle = len(places) // 2
                halves += [places[:middle], places[middle:]]
    return said
