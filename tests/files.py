"""Small files of data for tests."""

from __future__ import annotations

import resource
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import product
from pathlib import Path

import numpy as np

__all__ = ["broken_molecules", "campaign", "lattices", "molecules", "points", "small_files", "words"]


def points(path: Path, n: int = 200, seed: int = 0, header: str = "x,y,heat") -> Path:
    """A table of correlated points, each with a third number."""
    source = np.random.default_rng(seed)
    x = source.normal(size=n)
    y, heat = 3 * x + 10 * source.normal(size=n) + 50, source.uniform(1, 2, size=n)
    rows = [f"{a:.6f},{b:.6f},{c:.4f}" for a, b, c in zip(x, y, heat, strict=True)]
    path.write_text("\n".join([header, *rows]) + "\n")
    return path


def lattices(path: Path, n: int = 200, shape: tuple[int, ...] = (3, 3), seed: int = 0) -> Path:
    """An archive of bits that are mostly 1 where it is hot, with the heat beside them."""
    source = np.random.default_rng(seed)
    heat = source.uniform(size=n)
    x = (source.random((n, *shape)) < heat.reshape(n, *(1 for _ in shape))).astype(np.uint8)
    np.savez(path, x=x, heat=heat)
    return path


def words(path: Path, n: int = 300, seed: int = 0) -> Path:
    """A table of points with a kind in words: points of kind `left` lie at -10, points of kind `right` at 10."""
    source = np.random.default_rng(seed)
    right = source.random(n) < 0.5
    x, y = np.where(right, 10, -10) + source.normal(size=n), source.normal(size=n)
    rows = [f"{a:.5f},{b:.5f},{'right' if c else 'left'}" for a, b, c in zip(x, y, right, strict=True)]
    path.write_text("\n".join(["x,y,kind", *rows]) + "\n")
    return path


def molecules(path: Path) -> Path:
    """A file of small molecules, a chain between two ends each."""
    ends = ("C", "N", "O", "F", "CC", "OC", "c1ccccc1", "c1ccncc1")
    starts = ("C", "N", "O", "F", "CC", "CO", "c1ccccc1C")
    chains = ("C", "CC", "CCC", "CCCC", "C(=O)", "C(=O)N", "CC(=O)", "COC")
    path.write_text("".join(f"{a}{b}{c}\n" for a, b, c in product(starts, chains, ends)))
    return path


def broken_molecules(path: Path, n: int = 60) -> Path:
    """A supplier's table: molecules with codes of their own, some of them twice, as salts, or not molecules at all."""
    ends = ("c1ccccc1", "c1ccncc1", "C(=O)N", "CCO", "C1CCNCC1", "c1ccsc1", "C(F)(F)F", "CCCCCCCCCCCC")
    whole = [f"CC{a}{b}" if a[0] != "C" else f"O=C(N{b}){a}" for a, b in product(ends, ends)]
    odd = ["", "C1CC", "not a molecule", "CN(C)(C)(C)C", "C" * 900, "C😀"]
    odd += ["CC(=O)Nc1ccc(O)cc1.[Na+].[Cl-]", "Oc1ccc(NC(C)=O)cc1", "c1cc(O)ccc1NC(C)=O"]
    texts = [*whole[: n - len(odd)], *odd]
    path.write_text("code,smiles\n" + "".join(f'X-{i},"{text}"\n' for i, text in enumerate(texts)), encoding="utf-8")
    return path


def campaign(folder: Path, picked: str, plates: str) -> Path:
    """The folder of a campaign that has ended, as far as results of assays need it."""
    folder.mkdir()
    (folder / "picked.csv").write_text(picked)
    (folder / "plate_map.csv").write_text(plates)
    return folder


@contextmanager
def small_files() -> Iterator[None]:
    """A system that lets no file grow beyond 10 kB, as a full disk would; not even the log that tests are told in, so
    for no longer than what is tested."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (10_000, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
