"""What is measured of DNA and RNA, many at a time; NaN where a letter has no such number."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

from sciencegen.domains.sequences.codons import CODONS, START, STOP, SYNONYMS, usage
from sciencegen.domains.sequences.packed import LETTERS, Numbers, Packed, table_of, table_of_pairs

__all__ = [
    "CODING",
    "cai",
    "coding",
    "gc",
    "homopolymer",
    "length",
    "orf",
    "orf_either_strand",
    "tm_dna",
    "tm_rna",
    "valid",
]

CODING = ("whole", "no start", "no stop", "no start, no stop")
"""What there is of a coding sequence."""
_SODIUM, _STRAND = 0.05, 25e-9
"""Moles in a litre: of sodium, and of either strand."""
_GAS = 1.987  # cal/(mol K)
_KELVIN = 273.15
_Stack = tuple[float, float]
_DNA_STACKS: dict[str, _Stack] = {
    **{"AA": (-7.9, -22.2), "AT": (-7.2, -20.4), "TA": (-7.2, -21.3), "CA": (-8.5, -22.7), "GT": (-8.4, -22.4)},
    **{"CT": (-7.8, -21.0), "GA": (-8.2, -22.2), "CG": (-10.6, -27.2), "GC": (-9.8, -24.4), "GG": (-8.0, -19.9)},
}
"""Enthalpy in kcal/mol and entropy in cal/(mol K) of neighbouring pairs, 5' to 3' (A Unified View of Polymer, Dumbbell,
and Oligonucleotide DNA Nearest-Neighbor Thermodynamics; SantaLucia; 1998)."""
_DNA_ENDS: dict[str, _Stack] = {"AT": (2.3, 4.1), "GC": (0.1, -2.8)}
_RNA_STACKS: dict[str, _Stack] = {
    **{"AA": (-6.82, -19.0), "AU": (-9.38, -26.7), "UA": (-7.69, -20.5), "CU": (-10.48, -27.1), "CA": (-10.44, -26.9)},
    **{"GU": (-11.4, -29.5), "GA": (-12.44, -32.5), "CG": (-10.64, -26.7), "GC": (-14.88, -36.9)},
    "GG": (-13.39, -32.7),
}
"""The same of RNA (Thermodynamic Parameters for an Expanded Nearest-Neighbor Model for Formation of RNA Duplexes with
Watson-Crick Base Pairs; Xia et al.; 1998)."""
_RNA_ENDS: dict[str, _Stack] = {"AU": (3.72, 10.5), "GC": (0.0, 0.0)}
_RNA_START: _Stack = (3.61, -1.5)
_PAIRED = {"A": "T", "C": "G", "G": "C", "T": "A", "U": "A"}
_OPPOSITE = dict(zip("RYSWKMBDHVN", "YRSWMKVHDBN", strict=True))


def length(x: Packed) -> Numbers:
    """How many letters."""
    return x.lengths.astype(np.float64)


def gc(x: Packed) -> Numbers:
    """The share of G and C among the letters that are sure to be either, or sure to be neither."""
    strong, weak = (_counted(x, letters) for letters in ("GCS", "ATUW"))
    share = np.divide(strong, strong + weak, out=np.full(len(x), np.nan), where=strong + weak > 0)
    return np.asarray(share, np.float64)


def homopolymer(x: Packed) -> Numbers:
    """The longest run of one letter."""
    if not len(x.codes):
        return np.zeros(len(x))
    new = np.flatnonzero(np.diff(x.rows * LETTERS + x.codes, prepend=-1))
    runs = np.diff(new, append=len(x.codes))
    longest = np.zeros(len(x))
    np.maximum.at(longest, x.rows[new], runs)
    return longest


def tm_dna(x: Packed) -> Numbers:
    """The melting temperature in degrees Celsius, by nearest neighbours, with 50 mM sodium and 25 nM of each strand;
    the entropy of salt as SantaLucia (1998) has it."""
    return _melting(x, _DNA)


def tm_rna(x: Packed) -> Numbers:
    """The same of a duplex of RNA."""
    return _melting(x, _RNA)


def _melting(x: Packed, stacks: _Stacks) -> Numbers:
    count = _counted(x, stacks.letters)
    heat, entropy = (
        x.pairs(pairs) + ends[x.first] + ends[x.last] + start
        for pairs, ends, start in zip(stacks.pairs, stacks.ends, stacks.start, strict=True)
    )
    entropy += 0.368 * (x.lengths - 1) * math.log(_SODIUM)
    found = 1000 * heat / (entropy + _GAS * math.log(_STRAND / 2)) - _KELVIN
    return np.where((x.lengths > 1) & (count == x.lengths), found, np.nan)


@dataclass(frozen=True)
class _Stacks:
    """Enthalpy and entropy of all pairs of neighbours, as either strand spells them, of ends, and of the start."""

    letters: str
    pairs: tuple[Numbers, Numbers]
    ends: tuple[Numbers, Numbers]
    start: _Stack

    @classmethod
    def of(cls, stacks: Mapping[str, _Stack], ends: Mapping[str, _Stack], start: _Stack = (0.0, 0.0)) -> _Stacks:
        letters = "".join(ends)
        opposite = dict(zip(letters, "".join(pair[::-1] for pair in ends), strict=True))
        mirrored = {opposite[pair[1]] + opposite[pair[0]]: values for pair, values in stacks.items()}
        both, single = mirrored | dict(stacks), {letter: ends[pair] for pair in ends for letter in pair}
        heat, entropy = (
            (
                table_of_pairs({pair: values[i] for pair, values in both.items()}),
                table_of({letter: values[i] for letter, values in single.items()}),
            )
            for i in (0, 1)
        )
        return cls(letters, (heat[0], entropy[0]), (heat[1], entropy[1]), start)


_DNA = _Stacks.of(_DNA_STACKS, _DNA_ENDS)
_RNA = _Stacks.of(_RNA_STACKS, _RNA_ENDS, _RNA_START)


def valid(x: Packed) -> Numbers:
    """1 where every letter stands for one base, otherwise 0."""
    return np.asarray(_counted(x, "ACGTU") == x.lengths, np.float64)


def orf(x: Packed) -> Numbers:
    """The letters of the longest stretch from a start codon (ATG) to the first stop codon in its frame, stop included,
    in the three frames of the strand that is written."""
    return _longest_frame(x, x.codes)


def orf_either_strand(x: Packed) -> Numbers:
    """The same in the six frames of both strands."""
    opposite = _complement()[x.codes]
    mirrored = opposite[x.starts[x.rows] + x.lengths[x.rows] - 1 - x.places] if len(x.codes) else opposite
    return np.maximum(_longest_frame(x, x.codes), _longest_frame(x, mirrored))


def _longest_frame(x: Packed, codes: NDArray[np.uint8]) -> Numbers:
    longest = np.zeros(len(x))
    size = len(codes) - 2
    if size < 1:
        return longest
    whole = x.rows[:size] == x.rows[2:]
    word = _as_words(codes)
    start = whole & (word == _word(START))
    stop = whole & np.isin(word, [_word(one) for one in SYNONYMS[STOP]])
    frame = 3 * x.rows[:size] + x.places[:size] % 3
    order = np.argsort(frame, kind="stable")  # the codons of a frame one after the other
    frames, places = frame[order], x.places[:size][order]
    ahead = np.where(stop[order], np.arange(size), size)
    ahead = np.minimum.accumulate(ahead[::-1])[::-1]  # the next stop, in whatever frame
    begun = np.flatnonzero(start[order])
    begun = begun[ahead[begun] < size]
    begun = begun[frames[ahead[begun]] == frames[begun]]
    np.maximum.at(longest, x.rows[:size][order[begun]], places[ahead[begun]] - places[begun] + 3)
    return longest


def coding(x: Packed) -> list[str]:
    """What there is of each coding sequence: whether it begins with a start codon (ATG) and ends with a stop codon."""
    enough = x.lengths >= 3
    word = np.append(_as_words(x.codes), [-1, -1])
    started = enough & (word[x.starts] == _word(START))
    ended = enough & np.isin(word[x.starts + np.maximum(x.lengths - 3, 0)], [_word(one) for one in SYNONYMS[STOP]])
    return [CODING[int(not a) + 2 * int(not b)] for a, b in zip(started, ended, strict=True)]


def cai(x: Packed, organism: str) -> Numbers:
    """The codon adaptation index (The Codon Adaptation Index; Sharp, Li; 1987): the geometric mean of how often each
    codon is used, beside the one used most for its amino acid; those of M, W and stops say nothing."""
    weights = _adaptiveness(organism)
    word = np.append(_as_words(x.codes), [-1, -1]) if len(x.codes) > 2 else np.full(len(x.codes), -1)
    begins = x.places % 3 == 0
    value = np.where(x.places + 3 > x.lengths[x.rows], np.nan, weights[word])[begins]
    rows, counted = x.rows[begins], value <= 0
    count = np.bincount(rows[counted], minlength=len(x))
    logs = np.bincount(rows[counted], weights=value[counted], minlength=len(x))
    broken = np.bincount(rows[np.isnan(value)], minlength=len(x))
    return np.where((count > 0) & (broken == 0), np.exp(logs / np.maximum(count, 1)), np.nan)


@cache
def _adaptiveness(organism: str) -> Numbers:
    """The logarithm for every codon, 1 where it does not count, NaN of other words."""
    known, silent = usage(organism), {*SYNONYMS["M"], *SYNONYMS["W"], *SYNONYMS[STOP]}
    table = np.full(LETTERS**3, np.nan)
    for codon in CODONS:
        table[_word(codon)] = 1.0 if codon in silent else math.log(known.adaptiveness(codon))
    return table


def _as_words(codes: NDArray[np.uint8]) -> NDArray[np.int64]:
    """The number of the three letters from each place on; U is T."""
    plain = np.where(codes == ord("U") - ord("A"), ord("T") - ord("A"), codes).astype(np.int64)
    return (plain[:-2] * LETTERS + plain[1:-1]) * LETTERS + plain[2:]


def _word(text: str) -> int:
    number = 0
    for letter in text:
        number = number * LETTERS + ord(letter) - ord("A")
    return number


def _complement() -> NDArray[np.uint8]:
    table = np.arange(LETTERS, dtype=np.uint8)
    for letter, opposite in (_PAIRED | _OPPOSITE).items():
        table[ord(letter) - ord("A")] = ord(opposite) - ord("A")
    return table


def _counted(x: Packed, letters: str) -> NDArray[np.int64]:
    found: NDArray[np.int64] = x.counts[:, [ord(letter) - ord("A") for letter in letters]].sum(1)
    return found
