"""How others draw SMILES: with a stack for each sequence, or with masks of tokens from libraries.

Each gives back a call that draws, and says how many rules or tokens it drew; ImportError where a library is missing.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence

import numpy as np
import torch
from torch import Tensor

from sciencegen.grammar import Grammar

__all__ = ["llguidance", "stacks", "xgrammar"]

_BITS = 32
_TERMINALS = ("plain", "bond", "ring", "symbol", "chiral", "count")
"""What is written in capitals where that makes it a terminal."""


def stacks(grammar: Grammar, logits: np.ndarray, length: int) -> int:
    """A list as a stack for each sequence, and Gumbel noise on the logits that are allowed."""
    random = np.random.default_rng(0)
    masks = np.array([[rule.symbol == symbol for rule in grammar.rules] for symbol in range(len(grammar.symbols))])
    pushed = [rule.symbols[::-1] for rule in grammar.rules]
    drawn = 0
    for row in range(logits.shape[1]):
        stack = [grammar.start]
        for t in range(length):
            if not stack:
                break
            noisy = logits[t % len(logits), row, :-1] + random.gumbel(size=masks.shape[1])
            rule = int(np.where(masks[stack.pop()], noisy, -np.inf).argmax())
            stack += pushed[rule]
            drawn += 1
    return drawn


def xgrammar(grammar: Grammar, rows: int, length: int, late: float) -> Callable[[], int]:
    """Masks by xgrammar (0.2), all sequences in one call."""
    import xgrammar as xgr

    words = _words(grammar)
    info = xgr.TokenizerInfo([*words, "</s>"], vocab_size=len(words) + 1, stop_token_ids=[len(words)])
    text = _own(grammar) if grammar.named("bracket") else _bnf(grammar, "::=", "root")  # each as it is faster
    rules = xgr.GrammarCompiler(info, max_threads=1).compile_grammar(text)
    bits = xgr.allocate_token_bitmask(rows, len(words) + 1)
    batch = xgr.BatchGrammarMatcher(max_threads=1)

    def draw() -> int:
        matchers = [xgr.GrammarMatcher(rules) for _ in range(rows)]

        def fill(live: Sequence[int]) -> None:
            batch.batch_fill_next_token_bitmask([matchers[i] for i in live], bits, list(live))

        def accept(live: Sequence[int], tokens: Sequence[int]) -> None:
            batch.batch_accept_token([matchers[i] for i in live], list(tokens))

        return _drawn(rows, len(words), length, bits, fill, accept, late)

    return draw


def llguidance(grammar: Grammar, rows: int, length: int, late: float) -> Callable[[], int]:
    """Masks by llguidance (1.9), all sequences in one call."""
    from llguidance import LLExecutor, LLMatcher, LLTokenizer, TokenizerWrapper
    from llguidance.torch import allocate_token_bitmask, fill_next_token_bitmask_par

    words = _words(grammar)

    class Words:
        """What the library asks of a tokenizer."""

        eos_token_id = len(words)
        bos_token_id = None
        tokens = tuple(word.encode() for word in (*words, "</s>"))
        special_token_ids = (len(words),)

        def __call__(self, text: str | bytes) -> list[int]:
            plain = text.decode() if isinstance(text, bytes) else text
            return [words.index(character) for character in plain if character in words]

    tokenizer = LLTokenizer(TokenizerWrapper(Words()))
    source = _bnf(grammar, ":", "start")
    executor, bits = LLExecutor(num_threads=1), allocate_token_bitmask(rows, len(words) + 1)
    first = LLMatcher(tokenizer, source)
    if first.get_error():
        raise ImportError(first.get_error())

    def draw() -> int:
        matchers = [first.deep_copy() for _ in range(rows)]

        def fill(live: Sequence[int]) -> None:
            fill_next_token_bitmask_par(executor, [(matchers[i], i) for i in live], bits)

        def accept(live: Sequence[int], tokens: Sequence[int]) -> None:
            for i, token in zip(live, tokens, strict=True):
                matchers[i].consume_token(token)

        return _drawn(rows, len(words), length, bits, fill, accept, late)

    return draw


def _drawn(
    rows: int,
    end: int,
    length: int,
    bits: Tensor,
    fill: Callable[[Sequence[int]], None],
    accept: Callable[[Sequence[int], Sequence[int]], None],
    late: float,
) -> int:
    """Draw tokens under masks of bits until all have ended; how many."""
    live, drawn, places = list(range(rows)), 0, torch.arange(_BITS, dtype=torch.int32)
    logits = torch.randn(rows, end + 1)
    logits[:, end] -= late
    for _ in range(length):
        fill(live)
        allowed = ((bits[live][:, :, None] >> places) & 1).flatten(1)[:, : end + 1]
        reached = (logits[live].softmax(-1) * allowed).cumsum(-1)
        tokens = torch.searchsorted(reached, (1 - torch.rand(len(live), 1)) * reached[:, -1:])[:, 0].tolist()
        going = [(i, token) for i, token in zip(live, tokens, strict=True) if token != end]
        drawn += len(live)
        if not going:
            break
        live = [i for i, _ in going]
        accept(live, [token for _, token in going])
    return drawn


def _words(grammar: Grammar) -> list[str]:
    """The words that rules write."""
    return sorted({part for rule in grammar.rules for part in rule.right if isinstance(part, str)})


def _own(grammar: Grammar) -> str:
    """A grammar's own rules in the notation of xgrammar."""
    names = ["root" if i == grammar.start else f"s{i}" for i in range(len(grammar.symbols))]
    lines = []
    for symbol, name in enumerate(names):
        rights = [rule.right or ("",) for rule in grammar.rules if rule.symbol == symbol]
        spelled = [
            " ".join(json.dumps(one) if isinstance(one, str) else names[one] for one in right) for right in rights
        ]
        lines.append(f"{name} ::= {' | '.join(spelled)}")
    return "\n".join(lines)


def _bnf(grammar: Grammar, sign: str, start: str) -> str:
    """The grammars of SMILES in the notation of others, with repeats, which suit them more than right recursion."""

    def any_of(name: str) -> str:
        return " | ".join(json.dumps(word) for word in sorted({grammar.rules[i].text for i in grammar.named(name)}))

    brackets = bool(grammar.named("bracket"))
    lines = {
        start: "chain",
        "chain": "atom item*",
        "item": 'atom | "." atom | bond atom | bond ring | ring | "(" branch ")"',
        "branch": "chain | bond chain" + ("" if brackets else " | bond ring item*"),
        "atom": 'plain | "[" bracket "]"' if brackets else "plain",
        "plain": any_of("atom"),
        "bond": any_of("bond"),
        "ring": any_of("ring"),
    }
    if brackets:
        lines |= {
            "bracket": "isotope? symbol chiral? hydrogens? charge? class?",
            "isotope": "first digit? digit?",
            "symbol": any_of("SYMBOL"),
            "chiral": any_of("chiral"),
            "hydrogens": '"H" count?',
            "charge": '("+" | "-") count?',
            "class": '":" ("0" | first digit? digit?)',
            "first": " | ".join(f'"{i}"' for i in range(1, 10)),
            "digit": '"0" | first',
            "count": " | ".join(f'"{i}"' for i in range(2, 10)),
        }
    text = "\n".join(f"{name} {sign} {right}" for name, right in lines.items())
    return (
        re.sub(rf"\b({'|'.join(_TERMINALS)})\b(?!\")", lambda found: found[0].upper(), text)
        if start == "start"
        else text
    )
