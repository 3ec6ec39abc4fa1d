"""Causal nets: entry t is predicted from the entries before t."""

from sciencegen.nets.causal.made import MADE
from sciencegen.nets.causal.net import CausalNet
from sciencegen.nets.causal.rnn import Gated, LongShort, Recurrent
from sciencegen.nets.causal.transformer import Transformer
from sciencegen.nets.causal.unrolled import Unrolled
from sciencegen.nets.causal.visible import FVSBN, NADE

__all__ = ["FVSBN", "MADE", "NADE", "CausalNet", "Gated", "LongShort", "Recurrent", "Transformer", "Unrolled"]
