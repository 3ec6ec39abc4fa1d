"""`sciencegen recover`: images of which only a part was measured, made whole by a model, several ways."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from sciencegen.cli.generate import turn

if TYPE_CHECKING:
    from torch import Tensor

    from sciencegen.model import Model
    from sciencegen.recover import Recovery

__all__ = ["recover"]

_WHERE = typer.Option(None, "--where", "-w", help="What is known of the images, such as name=value; repeat.")
_MEASURE = typer.Option(
    ...,
    "--measure",
    help="What is known: mask:hole.png, where white is unknown; or kspace:0.1, columns:4, gaussian:0.05, simulated.",
)


def recover(
    model: str = typer.Argument(
        ..., help="A model folder, or a shipped model; one that is trained as a GAN of images."
    ),
    source: Path = typer.Option(..., "--from", help="An image, or several: a folder or a stack."),
    measure: str = _MEASURE,
    n: int = typer.Option(8, "-n", help="How many draws for each image, beside the best fit."),
    out: Path = typer.Option(..., "--out", "-o", help="A folder, or an .npz, to write the images to; or a table."),
    noise: float = typer.Option(
        0.0, "--noise", help="The standard deviation of what was measured; phases are 2 apart."
    ),
    where: list[str] | None = _WHERE,
    by: str = typer.Option("perturbed", "--by", help="How to draw: perturbed (quick), or hamiltonian (closer, slow)."),
    steps: int = typer.Option(150, "--steps", help="Steps of every search; more fit better."),
    properties: str | None = typer.Option(None, "--properties", help="What to measure: names with commas, all, none."),
    read: list[str] | None = typer.Option(
        None, "--read", help="How images are read: phases=2, crop=64, ...; a wrong name lists them; repeat."
    ),
    set_: list[str] | None = typer.Option(None, "--set", help="A sampling knob; repeat."),
    seed: int = typer.Option(0, "--seed", help="The same seed gives the same files."),
    device: str = typer.Option("auto", "--device", help="auto, cpu or cuda."),
) -> None:
    """Make images whole of which only a part was measured: each as a model would have made it, several ways.

    What was measured is kept exactly, unless there is --noise. kspace, columns and gaussian measure a whole image here
    and now, to see how well it comes back.
    """
    import torch

    from sciencegen.core.files import check_writable, sha256
    from sciencegen.core.request import parse_where
    from sciencegen.errors import RequestError
    from sciencegen.model import load
    from sciencegen.recipes.options import assignments
    from sciencegen.recover import check, measurement_called
    from sciencegen.recover import recover as recovered
    from sciencegen.screen.wishes import Wishes, properties_wanted
    from sciencegen.screen.write import provenance_path, table_format
    from sciencegen.search.inverse import Fit
    from sciencegen.search.measurements import Known

    if n < 1:
        raise RequestError(f"-n {n}: expected 1 or more")
    loaded = load(model, device)
    generator = check(loaded)
    format_ = table_format(out, None, [*loaded.domain.formats, *loaded.domain.bundles])
    check_writable(out)
    provenance_path(out)
    turn(loaded, set_ or [])
    request = parse_where(where or [])
    wanted = properties_wanted(loaded.domain, properties, request)
    x = _images(loaded, source, assignments(read or [], "--read"))
    measurement = measurement_called(measure, generator.space.shape, loaded.domain, seed)
    hidden = ~measurement.known if isinstance(measurement, Known) else None
    y = measurement.measure(x)
    y = y if hidden is not None else y + noise * torch.randn(y.shape, generator=torch.Generator().manual_seed(seed))
    job = _Job(loaded, x, hidden, n, noise, wanted, seed)
    job.write(recovered(loaded, y, measurement, n, request, noise, by, Fit(steps=steps), seed), out, format_)
    asked = Wishes(request).plain()["asked"]
    how = {"from": str(source), "sha256": sha256(source), "measure": measure, "by": by, "steps": steps, "asked": asked}
    job.record(out, {"model": model, **how})
    _say(f"wrote {out}")


def _images(model: Model[Any], source: Path, reading: Mapping[str, str]) -> Tensor:
    """The images of a file as tensors the model knows."""
    from sciencegen.errors import DataError

    items = model.domain.reading(**reading).read(source).items
    try:
        return model.representation.encode(items)
    except DataError as error:
        raise DataError(f"{source}: {error}: the model knows no others; --read crop=, phases= may help") from error


@dataclass
class _Job:
    """Images that are being recovered."""

    model: Model[Any]
    x: Tensor  # [k, *shape]
    hidden: Tensor | None
    """The pixels of each that are not known [*sides]; nothing where all were there to be measured."""
    n: int
    noise: float
    properties: list[str]
    seed: int
    lost: int = 0
    misfits: list[float] = field(default_factory=list)

    def write(self, recoveries: Iterator[Recovery[Any]], path: Path, format_: str) -> None:
        """Write the best fit of every image, its draws, and what was measured of them."""
        from sciencegen.errors import RequestError
        from sciencegen.screen.write import write_items, write_table

        rows = [row for number, one in enumerate(recoveries, 1) for row in self._rows(number, one)]
        if not rows:
            raise RequestError(f"none of {self.lost:,} draws is a valid item: try more --steps or less --noise")
        domain = self.model.domain
        if format_ in domain.bundles:
            domain.bundles[format_](rows, path)
        elif format_ in domain.formats:
            write_items(rows, path, domain.formats[format_])
        else:
            write_table((cells for _, cells in rows), path, format_)
        if self.lost:
            _say(f"left out {self.lost:,} draws that are no valid items")

    def record(self, path: Path, how: Mapping[str, Any]) -> None:
        """Say in a file beside it how it came to be."""
        from dataclasses import asdict

        from sciencegen import __version__
        from sciencegen.screen.write import write_provenance

        made = {"recipe": self.model.recipe, "checkpoint": self.model.checkpoint, "seed": self.seed}
        counted = {"images": len(self.x), "drawn": len(self.x) * self.n, "invalid": self.lost}
        rest = {"noise": self.noise, "misfit": self.misfits, "knobs": asdict(self.model.generator.knobs)}
        write_provenance(path, {"sciencegen": __version__, **made, **how, **counted, **rest})

    def _rows(self, number: int, found: Recovery[Any]) -> Iterator[tuple[Any, dict[str, Any]]]:
        """The items of one image, the best fit first, with the cells of their rows."""
        from sciencegen.core.domain import Candidate

        domain = self.model.domain
        kept = [draw for draw, item in enumerate(found.items) if item is not None]
        self.lost += len(found.items) - len(kept)
        items = [found.items[draw] for draw in kept]
        measures = domain.measure(items, self.properties)
        alike = self._alike(number - 1, found)
        for row, (draw, item) in enumerate(zip(kept, items, strict=True)):
            values = {name: measures[name][row] for name in self.properties}
            known = {name: value for name, value in values.items() if value is not None}
            cells = Candidate(item, "", {"misfit": float(found.misfit[draw]), "agreement": alike[draw], **known}).cells
            yield item, {**domain.row(item), "of": number, "draw": draw, **cells}
        self._report(number, found, alike)

    def _alike(self, row: int, found: Recovery[Any]) -> list[float]:
        """How alike each is to the image: the share of pixels; where some are hidden, of the others as they were made
        by the generator alone."""
        x = self._settled(found.x) if self.hidden is None else self._settled(found.made)[..., ~self.hidden]
        given = self.x[row] if self.hidden is None else self.x[row][..., ~self.hidden]
        shares: list[float] = (1 - (x - given).abs().flatten(1).mean(1) / 2).tolist()
        return shares

    def _settled(self, x: Tensor) -> Tensor:
        """Fields as those of the items they stand for."""
        representation = self.model.representation
        settled = x.clone()
        for row, item in enumerate(representation.decode(x)):
            if item is not None:
                settled[row] = representation.encode([item])[0]
        return settled

    def _report(self, number: int, found: Recovery[Any], alike: list[float]) -> None:
        self.misfits.append(float(found.misfit[0]))
        draws = self._settled(found.x[1:])
        draws, of = (draws, "") if self.hidden is None else (draws[..., self.hidden], "unknown ")
        apart = (draws[:, None] - draws).abs().flatten(2).mean(2).sum() / max(2 * self.n * (self.n - 1), 1)
        fit = f"the best fit has {alike[0]:.1%} of the {'known ' if of else ''}pixels right"
        spread = f"two draws differ in {apart:.1%} of the {of}pixels" if self.n > 1 else "one draw"
        walked = "" if found.accepted is None else f"; {found.accepted:.0%} of moves taken"
        _say(f"image {number}: {fit} (misfit {found.misfit[0]:.3g}); {spread}{walked}")


def _say(text: str) -> None:
    print(text, file=sys.stderr)
