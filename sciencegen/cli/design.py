"""`sciencegen generate sequences --kind ...`: sequences designed to order, exactly, without a model."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

if TYPE_CHECKING:
    from sciencegen.domains.sequences.codons import Usage
    from sciencegen.domains.sequences.design import Design
    from sciencegen.grammar.draw import Drawn

__all__ = ["designed"]

_NAME = "sequences"
_OWN = ("kind", "protein", "grammar", "length", "gc", "forbid", "organism")
_SHARED = ("model", "n", "out", "format_", "seed", "budget", "dry_run")
_FASTA = ("fasta", "fa", "fna", "faa")
_BUDGET = 1000
"""Draws allowed for each sequence wanted: all but a few are kept, but where the GC content is to be exact."""
_LONGEST = 100_000


def designed(context: typer.Context) -> bool:
    """Whether the request of a command was one for designed sequences; then it has been carried out."""
    from sciencegen.errors import RequestError

    options = context.params
    asked = [name for name in _OWN if options[name] is not None]
    if not asked:
        return False
    if options["model"] != _NAME:
        raise RequestError(
            f"--{asked[0]} is for designed sequences, and nothing the model {options['model']} knows: leave it out, or "
            f"write sciencegen generate {_NAME} --{asked[0]} ..."
        )
    typed = {one.name: one.opts[0] for one in context.command.params if _typed(context, one.name)}
    strange = [option for name, option in typed.items() if name not in (*_OWN, *_SHARED)]
    if strange:
        raise RequestError(f"{strange[0]} is for models, and these sequences are designed without one: leave it out")
    _Request(**{name: options[name] for name in (*_OWN, *_SHARED) if name != "model"}).carry_out()
    return True


def _typed(context: typer.Context, name: str | None) -> bool:
    source = context.get_parameter_source(name or "")
    return source is not None and source.name == "COMMANDLINE"


@dataclass
class _Request:
    """What was typed."""

    kind: str | None
    protein: Path | None
    grammar: str | None
    length: str | None
    gc: str | None
    forbid: str | None
    organism: str | None
    n: int
    out: Path | None
    format_: str | None
    seed: int
    budget: int
    dry_run: bool
    found: dict[str, Drawn] = field(default_factory=dict)

    def carry_out(self) -> None:
        from sciencegen.core.files import check_writable
        from sciencegen.domains.sequences.written import fasta
        from sciencegen.screen.write import provenance_path, table_format, write_items, write_table

        self._check()
        path = None if self.out is None or str(self.out) == "-" else self.out
        format_ = table_format(path, self.format_, _FASTA)
        if path is not None:
            provenance_path(path)
        if path is not None and not self.dry_run:
            check_writable(path)
        designs = self._designs()
        for design in designs.values():
            print(f"{self.n:,} x {design.described}", file=sys.stderr)
        rows = self._rows(designs)
        if self.dry_run:
            for design in designs.values():
                design.checked()
        elif format_ in _FASTA:
            write_items(((row["sequence"], row) for row in rows), path, fasta)
        else:
            write_table(rows, path, format_)
        if not self.dry_run:
            self._record(path, format_)
            self._report()

    def _check(self) -> None:
        from sciencegen.errors import RequestError

        if self.n < 1 or self.budget < 0:
            raise RequestError(f"-n {self.n}, --budget {self.budget}: expected 1 or more, and 0 or more")
        if self.protein is not None and self.kind not in (None, "cds"):
            raise RequestError(f"--kind {self.kind}: the sequences of a --protein are cds; leave --kind out")
        if self.grammar is not None and (self.kind or self.protein):
            raise RequestError(
                f"--grammar {self.grammar}: it says what the sequences are; leave --kind or --protein out"
            )
        if not (self.kind or self.protein or self.grammar):
            raise RequestError("say what the sequences are: --kind dna, rna, cds or peptide; --protein; or --grammar")
        if self.protein is not None and self.length is not None:
            raise RequestError(f"--length {self.length}: the --protein says how long its genes are; leave it out")
        if self.organism is not None and not (self.protein or self.kind == "cds"):
            raise RequestError(f"--organism {self.organism}: only coding sequences have codons; leave it out")

    def _designs(self) -> dict[str, Design]:
        """What is to be made, by what its sequences will be called; asked for in vain where there is none."""
        from sciencegen.domains.sequences.codons import usage
        from sciencegen.domains.sequences.recode import proteins, recoded

        known = usage(self.organism) if self.organism is not None else None
        if self.protein is not None:
            found = {name: recoded(name, text, known) for name, text in proteins(self.protein).items()}
        elif self.grammar is not None:
            found = {Path(self.grammar).stem: self._sentences(self.grammar)}
        else:
            found = {self.kind or "": self._of_kind(self.kind or "", known)}
        return {name: self._completed(design) for name, design in found.items()}

    def _of_kind(self, kind: str, known: Usage | None) -> Design:
        from sciencegen.domains.sequences.design import ALPHABETS, coding, free
        from sciencegen.errors import RequestError, UnknownName

        if kind not in ALPHABETS:
            raise UnknownName("kind of sequences", kind, ALPHABETS)
        if self.length is None:
            raise RequestError(f"--kind {kind}: say how long the sequences are to be, such as --length 300")
        low, high = _lengths(self.length)
        if kind != "cds":
            return free(kind, low, high)
        if low != high:
            raise RequestError(f"--length {self.length}: coding sequences are made of one length at a time")
        return coding(low, known)

    def _sentences(self, name: str) -> Design:
        from sciencegen.domains.sequences.design import sentences
        from sciencegen.grammar import compiled, source_of
        from sciencegen.grammar.regular import language

        source = source_of(name)
        found = language(compiled(source.text, source.name))
        low, high = (None, None) if self.length is None else _lengths(self.length)
        return sentences(source.name, found, low, high)

    def _completed(self, design: Design) -> Design:
        from sciencegen.domains.sequences.enzymes import forbidden
        from sciencegen.errors import RequestError

        if self.gc is not None and not _nucleic(design):
            raise RequestError(f"--gc {self.gc}: only sequences of nucleotides have a GC content; leave it out")
        if self.gc is not None and "" in design.rows[-1]:
            raise RequestError(
                f"--gc {self.gc}: it is counted in sequences of one length: say --length with one number"
            )
        double = set(design.characters) <= set("ACGT")
        words = forbidden(self.forbid, design.characters, double) if self.forbid is not None else ()
        return replace(design, gc=None if self.gc is None else _fraction(self.gc), forbidden=words)

    def _rows(self, designs: Mapping[str, Design]) -> Iterator[dict[str, Any]]:
        """The sequences as rows; all requests are proved to have an answer before the first is drawn."""
        import torch

        from sciencegen.grammar.draw import distinct

        reaches = {name: design.checked() for name, design in designs.items()}
        random = torch.Generator().manual_seed(self.seed)
        for name, reach in reaches.items():
            drawn = distinct(reach, self.n, random, self.budget or _BUDGET * self.n)
            self.found[name] = drawn
            for number, text in enumerate(drawn.texts, 1):
                yield {"id": f"{name}_{number}", "sequence": text, **self._measured(text, designs[name])}

    def _measured(self, text: str, design: Design) -> dict[str, float | str | None]:
        from sciencegen.domains.sequences.codons import STOP, translated, usage
        from sciencegen.domains.sequences.design import gc

        cells: dict[str, float | str | None] = {"length": len(text)}
        if _nucleic(design):
            part = gc(text)
            cells["gc"] = None if part is None else round(part, 6)
        if self.protein is not None or self.kind == "cds":
            cells["protein"] = translated(text).removesuffix(STOP)
        if self.organism is not None:
            index = usage(self.organism).cai(text)
            cells["cai"] = None if index is None else round(index, 6)
        return cells

    def _record(self, path: Path | None, format_: str) -> None:
        """Say in a file beside the sequences how they came to be."""
        from sciencegen import __version__
        from sciencegen.core.files import sha256
        from sciencegen.screen.write import write_provenance

        if path is None or (path.exists() and not path.is_file()):
            return
        asked = {name: str(value) for name in _OWN if (value := getattr(self, name)) is not None}
        files = [Path(name) for name in (self.protein, self.grammar) if name is not None and Path(name).is_file()]
        made = [vars(drawn) | {"texts": len(drawn.texts)} for drawn in self.found.values()]
        whole = {
            "sciencegen": __version__,
            "checkpoint": None,
            "asked": asked,
            "sha256": {str(file): sha256(file) for file in files},
            "seed": self.seed,
            "wanted": self.n,
            "drawn": sum(one["drawn"] for one in made),
            "kept": sum(one["texts"] for one in made),
            "repeated": sum(one["repeated"] for one in made),
            "format": format_,
        }
        write_provenance(path, whole)

    def _report(self) -> None:
        """Say what became of the request; too few are an error."""
        from sciencegen.errors import BudgetExhausted

        few = []
        for name, drawn in self.found.items():
            count = len(drawn.texts)
            print(f"{name}: {count:,} different of {drawn.drawn:,} drawn", file=sys.stderr)
            if count < self.n and drawn.exist is not None:
                exist = "1 sequence exists" if count == 1 else f"{count:,} different sequences exist"
                few.append(f"{name}: {exist}, and {self.n:,} were asked for; all are written")
            elif count < self.n:
                few.append(f"{name}: drew {drawn.drawn:,} and found {count:,} of {self.n:,}; raise --budget")
        if few:
            raise BudgetExhausted("; ".join(few))


def _nucleic(design: Design) -> bool:
    return set(design.characters) <= set("ACGT") or set(design.characters) <= set("ACGU")


def _lengths(text: str) -> tuple[int, int]:
    """A length, or a range of them."""
    from sciencegen.errors import RequestError

    low, dots, high = text.partition("..")
    ends = [int(end) for end in (low, high if dots else low) if end.isascii() and end.isdecimal() and len(end) < 9]
    if len(ends) < 2 or not 1 <= ends[0] <= ends[1] <= _LONGEST:
        raise RequestError(
            f"--length {text}: expected a length such as 300, or a range such as 90..120, of 1 to {_LONGEST:,}"
        )
    return ends[0], ends[1]


def _fraction(text: str) -> Any:
    from sciencegen.core.interval import Interval
    from sciencegen.core.request import parse_where
    from sciencegen.errors import RequestError

    asked = parse_where([f"gc={text}"])["gc"]
    window = Interval(asked, asked) if isinstance(asked, float) else asked
    if not isinstance(window, Interval) or not 0 <= window.low <= window.high <= 1:
        raise RequestError(f"--gc {text}: expected a part such as 0.5, or a range such as 0.50..0.52, from 0 to 1")
    return window
