"""How others sample strings, written out in plain torch on the weights of a net of ours.

All draw to lengths that are given: `level[t]` is the logit of the end of a string at entry t, the same for everybody.
They return rows of tokens [n, entries], everything after the end the end.
"""

from __future__ import annotations

import importlib.util
import zipimport
from collections.abc import Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import torch
from torch import Tensor
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

from sciencegen.core.files import sha256
from sciencegen.domains.molecules.strings import END
from sciencegen.errors import DataError
from sciencegen.nets.causal import Recurrent

__all__ = ["hugging_face", "moses", "moses_of_wheel", "reinvent"]

_MOSES_STEPS = 100
_MOSES_WHEEL = "7f4450e3ebecebe79c3a2a55950c93daddee071120daf64a163d03481e811d34"  # molsets 0.3.1


def moses(net: Recurrent, n: int, level: Sequence[float], vocabulary: Sequence[str]) -> Tensor:
    """As the CharRNN of MOSES draws: a packed batch a step, row after row picked alone, a hundred steps in any case.

    Molecular Sets (MOSES): A Benchmarking Platform for Molecular Generation Models; Polykovskiy et al.; 2020.
    """
    memory, entry, lengths = None, torch.zeros(n, 1, dtype=torch.long), torch.ones(n, dtype=torch.long)
    rows, ended = [torch.full((_MOSES_STEPS,), END) for _ in range(n)], [False] * n
    for t in range(_MOSES_STEPS):
        packed, memory = net.rnn(pack_padded_sequence(net.embed(entry), lengths, batch_first=True), memory)
        logits = net.head(pad_packed_sequence(packed, batch_first=True)[0])
        logits[..., END] = _at(level, t)
        picked = [torch.multinomial(each.softmax(-1), 1) for each in logits]
        for i, token in enumerate(picked):
            if not ended[i]:
                rows[i][t] = token.item()
                ended[i] = int(rows[i][t]) == END
        entry = torch.cat(picked) + 1
    for row in rows:
        "".join(vocabulary[token] for token in row.tolist())
    return torch.stack(rows)


def moses_of_wheel(wheel: Path, net: Recurrent, level: Sequence[float], vocabulary: Sequence[str]) -> Any:
    """MOSES' own class, out of the published wheel, with the weights of `net`: call its `sample(n)`.

    It embeds a token in as many numbers as there are tokens with the beginning, and so must `net`.
    """
    if sha256(wheel) != _MOSES_WHEEL:
        raise DataError(f"{wheel}: expected the wheel of molsets 0.3.1 (sha256 {_MOSES_WHEEL})")
    begin = len(vocabulary)

    class Words:
        """What the model asks of a vocabulary; its beginning is the last token, ours the first."""

        pad, eos, bos = END, END, begin

        def __len__(self) -> int:
            return begin + 1

        def ids2string(self, ids: list[int], rem_bos: bool, rem_eos: bool) -> str:
            return "".join(vocabulary[i] for i in ids[rem_bos : len(ids) - (rem_eos and ids[-1] == END)])

    importer = zipimport.zipimporter(f"{wheel}/moses/char_rnn")
    spec = importlib.util.spec_from_loader("model", importer)
    assert spec is not None
    module: Any = importlib.util.module_from_spec(spec)
    importer.exec_module(module)

    class Forced(module.CharRNN):  # type: ignore[misc]
        """The same, drawing to the lengths that are given."""

        def forward(self, x: Tensor, lengths: Tensor, hiddens: Any = None) -> Any:
            self.t = 0 if hiddens is None else self.t + 1
            logits, lengths, hiddens = super().forward(x, lengths, hiddens)
            logits[..., END], logits[..., begin] = _at(level, self.t), -torch.inf
            return logits, lengths, hiddens

    config = SimpleNamespace(hidden=net.width, num_layers=net.depth, dropout=0.0)
    made = Forced(Words(), config).eval()
    made.lstm_layer.load_state_dict(net.rnn.state_dict())
    with torch.no_grad():
        made.embedding_layer.weight.copy_(net.embed.weight.roll(-1, 0))
        made.linear_layer.weight[:-1], made.linear_layer.bias[:-1] = net.head.weight, net.head.bias
    return made


def reinvent(net: Recurrent, n: int, level: Sequence[float], entries: int) -> Tensor:
    """As REINVENT draws: the whole batch a step, log-probabilities added up, finished rows kept until all have ended.

    Reinvent 4: Modern AI-driven generative molecule design; Loeffler et al.; 2024.
    """
    memory, entry = None, torch.zeros(n, dtype=torch.long)
    columns, log_prob, ended = [], torch.zeros(n), torch.zeros(n, dtype=torch.bool)
    for t in range(entries):
        hidden, memory = net.rnn(net.embed(entry)[:, None], memory)
        logits = net.head(hidden)[:, 0].float()
        logits[:, END] = _at(level, t)
        token = torch.multinomial(logits.softmax(-1), 1)[:, 0].masked_fill(ended, END)
        log_prob += logits.log_softmax(-1).gather(1, token[:, None])[:, 0]
        columns.append(token)
        ended |= token == END
        if ended.all():
            break
        entry = token + 1
    return torch.stack(columns, 1)


def hugging_face(width: int, depth: int, heads: int, vocabulary: int, level: Sequence[float], entries: int) -> Any:
    """GPT-2 of the transformers library: call it with n and a type of number; ImportError where there is none."""
    from transformers import GPT2Config, GPT2LMHeadModel, LogitsProcessor, LogitsProcessorList, logging

    logging.set_verbosity_error()  # it warns of a mask that it was given

    class Forced(LogitsProcessor):  # type: ignore[misc]
        """The logit of the end, by how many tokens there are."""

        def __call__(self, input_ids: Tensor, scores: Tensor) -> Tensor:
            scores[:, END] = _at(level, input_ids.shape[1] - 1)
            return scores

    begin = vocabulary - 1  # any token will do
    config = GPT2Config(
        vocab_size=vocabulary, n_positions=entries + 1, n_embd=width, n_layer=depth, n_head=heads,
        bos_token_id=begin, eos_token_id=END, pad_token_id=END,
    )  # fmt: skip
    models = {torch.float32: GPT2LMHeadModel(config).eval()}
    processors = LogitsProcessorList([Forced()])

    def draw(n: int, kind: torch.dtype) -> Tensor:
        if kind not in models:
            models[kind] = GPT2LMHeadModel(config).eval().to(kind)
        start = torch.full((n, 1), begin)
        rows: Tensor = models[kind].generate(
            input_ids=start, attention_mask=torch.ones_like(start), do_sample=True, top_k=0, use_cache=True,
            max_length=entries + 1, pad_token_id=END, logits_processor=processors,
        )  # fmt: skip
        return rows[:, 1:]

    return draw


def _at(level: Sequence[float], t: int) -> float:
    """The logit of the end at an entry; strings that others go on with end for certain."""
    return level[min(t, len(level) - 1)]
