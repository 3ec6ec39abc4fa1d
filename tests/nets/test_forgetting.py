"""A recurrent net that forgets entries does so only while it learns."""

from __future__ import annotations

import pytest
import torch

from sciencegen.core.space import Tokens
from sciencegen.nets.causal import Gated, Recurrent


def _net(forget: float) -> Recurrent:
    torch.manual_seed(0)
    return Recurrent(Tokens((6,), 4), 3, Gated(), 8, embed=5, forget=forget)


def test_entries_are_forgotten_while_learning_and_read_afterwards() -> None:
    x, context = torch.randint(4, (64, 6)), torch.randn(64, 3)
    net, whole = _net(0.5), _net(0.0)
    assert torch.equal(net.eval()(x, context), whole(x, context))
    learning = net.train()(x, context)
    assert torch.equal(learning[:, 0], whole(x, context)[:, 0])  # before the first entry there is nothing to forget
    moved = (learning[:, 1] != whole(x, context)[:, 1]).any(-1).float().mean()
    assert 0.3 < moved < 0.7


@pytest.mark.parametrize("forget", [-0.1, 1.0])
def test_a_share_outside_its_range_is_refused(forget: float) -> None:
    with pytest.raises(ValueError, match=r"forget=.*at least 0 and below 1"):
        _net(forget)
