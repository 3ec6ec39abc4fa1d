"""Reading, naming, comparing, drawing and writing microstructures."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Self

from sciencegen.core.domain import Curve, Domain, Items, Representation
from sciencegen.domains.microstructures.draw import MOST, draw_sheet
from sciencegen.domains.microstructures.item import Microstructure, from_text, to_text
from sciencegen.domains.microstructures.properties import PROPERTIES, measured
from sciencegen.domains.microstructures.reading import ReadingOptions, read_microstructures
from sciencegen.domains.microstructures.sections import sections
from sciencegen.domains.microstructures.single import single
from sciencegen.domains.microstructures.stacks import write_stack
from sciencegen.domains.microstructures.vtk import grid
from sciencegen.domains.microstructures.written import archive, folder
from sciencegen.errors import DataError

if TYPE_CHECKING:
    from torch import Tensor

__all__ = ["Microstructures"]


@dataclass(frozen=True, eq=False)
class Microstructures(Domain[Microstructure]):
    """Images and volumes of materials: phases by number, or grey levels.

    Files: folders of PNG, TIFF, BMP, PGM, GIF, JPEG and .npy, with `labels.csv` beside them or not; .npz with the
    images under `x` and columns beside them; single images, which `--read crop=64` cuts into many.
    """

    options: ReadingOptions = field(default_factory=ReadingOptions, repr=False)

    name = "microstructures"
    distinct = False
    together = 32
    properties = PROPERTIES
    usual = ("volume_fraction", "surface", "correlation_length", "conductivity")
    bundles = MappingProxyType({"npz": archive, "vtk": grid, "": folder})
    column = "image"
    most_pictured = MOST

    def read(self, path: Path, beside: Sequence[str] = ()) -> Items[Microstructure]:
        return read_microstructures(path, self.options, beside)

    def reading(self, **options: str) -> Self:
        return replace(self, options=ReadingOptions.of(**options))

    def mask(self, path: Path) -> Tensor:
        from sciencegen.domains.microstructures.files import marked

        return marked(path)

    def write(self, items: Iterable[Microstructure], path: Path) -> None:
        if path.suffix.lower() != ".npz":
            raise DataError(f"{path}: expected a file ending in .npz")
        write_stack(list(items), path)

    def given(self, named: str | Path, representation: Representation[Microstructure]) -> Microstructure:
        item = None if isinstance(named, Path) else self.parse(named)
        return single(self.named_file(named), representation.state()) if item is None else item

    def parse(self, text: str) -> Microstructure | None:
        return from_text(text)

    def text(self, item: Microstructure) -> str:
        return to_text(item)

    def row(self, item: Microstructure) -> Mapping[str, float | str]:
        return {self.column: item.digest}

    def measure(self, items: Sequence[Microstructure], names: Sequence[str]) -> Mapping[str, Sequence[float]]:
        return measured(items, names)

    def comparable(self, items: Sequence[Microstructure], like: Microstructure) -> Sequence[Microstructure]:
        return sections(items, like)

    def compare(self, ours: Sequence[Microstructure], theirs: Sequence[Microstructure]) -> dict[str, float]:
        from sciencegen.domains.microstructures.metrics import compare

        return compare(ours, theirs)

    def curves(self, items: Sequence[Microstructure]) -> Mapping[str, Curve]:
        from sciencegen.domains.microstructures.metrics import bands

        return bands(items)

    def draw(self, items: Sequence[Microstructure], path: Path) -> None:
        draw_sheet(items, path)

    def captioned(self, items: Sequence[Microstructure], captions: Sequence[str], path: Path) -> None:
        draw_sheet(items, path, captions)
