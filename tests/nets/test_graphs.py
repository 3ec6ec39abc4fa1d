"""Nets of graphs."""

from __future__ import annotations

import pytest
import torch

from sciencegen.core.growth import Layout
from sciencegen.domains.molecules.begun import cut
from sciencegen.domains.molecules.built import skeleton
from sciencegen.domains.molecules.growths import Growths, Scaffolded
from sciencegen.domains.molecules.molecule import parsed
from sciencegen.nets.causal.partial_graph import PartialGraph
from sciencegen.nets.graph import GraphReader, Messages

MOLECULES = ["CCO", "c1ccc2[nH]ccc2c1", "CC(=O)Nc1ccc(O)cc1", "C1CC12CC2", "N#Cc1ccccc1", "CC(C)Cc1ccc(C(C)C(=O)O)cc1"]


def reader(layout: Layout, messages: Messages, numbered: bool = False) -> GraphReader:
    torch.manual_seed(0)
    kinds, edges, numbers = layout.kinds, len(layout.orders), layout.nodes if numbered else 0
    return GraphReader(layout.read, kinds, edges, 3, 8, width=8, depth=3, messages=messages, numbers=numbers)


@pytest.mark.parametrize("numbered", [False, True])
@pytest.mark.parametrize("messages", ["gine", "gat"])
def test_reading_depends_on_the_order_of_atoms_where_they_are_numbered(messages: Messages, numbered: bool) -> None:
    import random

    fitted = Scaffolded.fit(MOLECULES)
    net, source = reader(fitted.layout, messages, numbered), random.Random(1)
    context = torch.randn(len(MOLECULES), 3)
    usual = net(fitted.encode(MOLECULES).long(), context)
    texts = ["".join(cut(skeleton(parsed(molecule)), source)) for molecule in MOLECULES]
    texts = [text.replace("[*]", "") for text in texts]
    assert texts != fitted.texts(fitted.encode(MOLECULES))
    assert torch.allclose(net(fitted.encode_texts(texts).long(), context), usual, atol=1e-5) != numbered


@pytest.mark.parametrize("numbered", [False, True])
def test_reading_does_not_depend_on_what_is_beside(numbered: bool) -> None:
    fitted = Growths.fit(MOLECULES)
    net, x = reader(fitted.layout, "gine", numbered), fitted.encode(MOLECULES).long()
    context = torch.randn(len(MOLECULES), 3)
    alone = torch.cat([net(x[i : i + 1], context[i : i + 1]) for i in range(len(x))])
    assert torch.allclose(net(x, context), alone, atol=1e-5)


@pytest.mark.parametrize("depth", [1, 2])
def test_steps_say_what_whole_rows_say(depth: int) -> None:
    fitted = Scaffolded.fit(MOLECULES)
    x = torch.cat((fitted.encode(MOLECULES), fitted.spelled(MOLECULES, 1), fitted.spelled(MOLECULES, 2))).long()
    net = PartialGraph(fitted.layout, 3, 16, depth, embed=8, messages=8, rounds=2, pointer=8).eval()
    context = torch.randn(len(x), 3)
    with torch.no_grad():
        whole, state, previous = net(x, context), net.start(context), None
        alive = torch.ones(len(x), dtype=torch.bool)
        for t in range(x.shape[1]):
            said = net.step(state, t, previous)
            assert torch.allclose(said[alive], whole[alive, t], atol=1e-5)
            previous = x[:, t]
            alive &= previous != 0


def test_nothing_is_known_of_what_comes_later() -> None:
    fitted = Growths.fit(MOLECULES)
    net = PartialGraph(fitted.layout, 0, 16, embed=8, messages=8, pointer=8).eval()
    x = fitted.encode(MOLECULES[2:4]).long()
    context = torch.zeros(2, 0)
    for t in range(1, 12):
        other = x.clone()
        other[:, t:] = 0
        assert torch.allclose(net(x, context)[:, : t + 1], net(other, context)[:, : t + 1], atol=1e-5)


def test_only_bound_atoms_tell_of_themselves() -> None:
    """A bond is read with what is known of its other end: another atom there changes what is said next."""
    fitted = Growths.fit(["CCO", "CCC"])
    net = PartialGraph(fitted.layout, 0, 16, embed=8, messages=8, pointer=8).eval()
    with torch.no_grad():
        torch.nn.init.zeros_(net.embed.weight)  # nothing is known of entries but what messages tell
        x = fitted.encode_texts(["[C][C][-1]", "[O][C][-1]"]).long()
        said = net(x, torch.zeros(2, 0))
    assert not torch.allclose(said[0, 3], said[1, 3])
