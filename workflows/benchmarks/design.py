"""Designing sequences exactly, beside drawing at random and throwing away what does not fit.

    python workflows/benchmarks/design.py [-n 1000] [--threads 1]

Twelve restriction enzymes and runs of six are forbidden throughout. Prints for every request how long it took from the
words to the sequences, how many of them are valid by an independent count, and what rejection would have kept: random
sense codons between a start and a stop, or random synonymous codons, by the same count.
"""

from __future__ import annotations

import argparse
import random
import time
from dataclasses import replace

import torch

from sciencegen.core.interval import Interval
from sciencegen.domains.sequences.codons import CODE, CODONS, STOP, SYNONYMS, translated, usage
from sciencegen.domains.sequences.design import Design, coding
from sciencegen.domains.sequences.enzymes import forbidden, reverse_complement, sites
from sciencegen.domains.sequences.recode import recoded
from sciencegen.grammar.draw import distinct

ENZYMES = ["EcoRI", "BamHI", "HindIII", "XbaI", "SpeI", "PstI", "BsaI", "BsmBI", "NotI", "XhoI", "NdeI", "SapI"]
RUN = 6
WINDOW = Interval(0.50, 0.52)
SENSE = [codon for codon in CODONS if CODE[codon] != STOP]
PROTEIN = "M" + "".join(random.Random(1).choices("ACDEFGHIKLMNPQRSTVWY", k=299))
TRIED = 20_000


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("-n", type=int, default=1000)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--tried", type=int, default=TRIED, help="random sequences for the rate of rejection")
    asked = parser.parse_args()
    torch.set_num_threads(asked.threads)
    words = forbidden(",".join([*ENZYMES, f"homopolymer:{RUN}"]), "ACGT", double=True)  # and Biopython is imported
    print(f"{'request':<50}{'seconds':>8}{'valid':>16}{'drawn':>8}{'rejection keeps':>17}{'it would take':>15}")
    for length in (300, 900, 3000):
        for window in (None, WINDOW):
            design = replace(coding(length), gc=window, forbidden=words)
            shown(design, asked.n, asked.tried, lambda length=length: any_cds(length), None)
    for organism in (None, "e_coli"):
        for window in (None, WINDOW):
            known = usage(organism) if organism is not None else None
            design = replace(recoded(f"300 aa, {organism or 'uniform'}", PROTEIN, known), gc=window, forbidden=words)
            shown(design, asked.n, asked.tried, any_gene, PROTEIN)


def shown(design: Design, n: int, tried: int, draw: object, protein: str | None) -> None:
    """Print one row."""
    assert callable(draw)
    start = time.perf_counter()
    found = distinct(design.checked(), n, torch.Generator().manual_seed(0), 1000 * n)
    taken = time.perf_counter() - start
    good = sum(valid(one, design, protein) for one in set(found.texts))
    start = time.perf_counter()
    kept = sum(valid(draw(), design, protein) for _ in range(tried)) / tried
    each = (time.perf_counter() - start) / tried
    needed = f"{each * n / kept:,.1f} s" if kept else f"over {each * n * tried:,.0f} s"
    name = design.title + (f", GC {design.gc}" if design.gc is not None else "")
    rate = f"{kept:.3%}" if kept else f"under {1 / tried:.3%}"
    print(f"{name:<50}{taken:>8.3f}{f'{good:,} of {n:,}':>16}{found.drawn:>8,}{rate:>17}{needed:>15}")


def valid(sequence: str, design: Design, protein: str | None) -> bool:
    """By plain counting, with nothing of what made it."""
    made = translated(sequence)
    if made.find(STOP) != len(made) - 1 or not made.startswith("M") or "X" in made:
        return False
    if protein is not None and made != protein + STOP:
        return False
    part = (sequence.count("G") + sequence.count("C")) / len(sequence)
    if design.gc is not None and not design.gc.low <= part <= design.gc.high:
        return False
    return not any(word in sequence for word in WORDS)


def any_cds(length: int) -> str:
    return "ATG" + "".join(random.choices(SENSE, k=length // 3 - 2)) + random.choice(SYNONYMS[STOP])


def any_gene() -> str:
    return "".join(random.choice(SYNONYMS[amino]) for amino in PROTEIN + STOP)


WORDS = {word for enzyme in ENZYMES for one in sites(enzyme) for word in (one, reverse_complement(one))}
WORDS |= {base * RUN for base in "ACGT"}

if __name__ == "__main__":
    random.seed(0)
    main()
