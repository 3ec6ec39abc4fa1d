"""The free energy between two states over a range of temperatures, from one flow that saw no data.

    python workflows/free_energy.py -o well                        # the model that is shipped
    python workflows/free_energy.py -o well --train --steps 1500   # one that is trained first

The flow was fitted to the energy of a double well at every temperature between two (`densities/double-well`). At each
of some temperatures its draws are weighed by what they are worth to the density itself: with that, the free energy of
the right state over the left one, F = -kT ln(P_right / P_left), has no error but that of chance, which is reported.
From F(T) follow the entropy and the energy between the states, by the slope of a parabola. What is exact of two
coordinates, by quadrature, stands beside. Writes `free_energy.csv` and `free_energy.html`.

For an energy of your own: `sciencegen train densities/energy --energy module:function --set names=x,y --set
temperatures=1,5 -o runs/own`, and hand the folder to --model; the two regions are `--left` and `--right`, as conditions
on a coordinate.
"""

from __future__ import annotations

import argparse
import csv
import math
from collections.abc import Callable
from pathlib import Path

import torch
from torch import Tensor

from sciencegen.compare.importance import effective_share, log_ratio
from sciencegen.compare.quadrature import Grid
from sciencegen.core.domain import Curve
from sciencegen.core.files import atomic
from sciencegen.core.interval import Interval
from sciencegen.core.request import parse_where
from sciencegen.core.target import Target
from sciencegen.errors import RequestError
from sciencegen.fit import Fit
from sciencegen.model import Model, load
from sciencegen.report import page
from sciencegen.weighing import weighed

Row = dict[str, float]


def trained(folder: Path, steps: int) -> Model:
    """A flow of the double well, or the one that is there."""
    if not (folder / "model.safetensors").exists():
        for progress in Fit("densities/double-well", out=folder, steps=steps, seed=0, resume=folder.exists()):
            if progress.step % 100 == 0:
                print(f"{progress.step:,} of {progress.total:,}: {progress.losses['free energy']:.3f}", flush=True)
    return load(folder)


def region(said: str, target: Target) -> Callable[[Tensor], Tensor]:
    """The points of a condition such as x<=0 or y=1..2."""
    ((name, asked),) = parse_where([said]).items()
    if name not in target.names or not isinstance(asked, Interval):
        raise RequestError(f"{said}: expected a range of {', '.join(target.names)}, such as {target.names[0]}<=0")
    at = target.names.index(name)
    return lambda x: (x[:, at] >= asked.low) & (x[:, at] <= asked.high)


def measured(model: Model, sides: list[Callable[[Tensor], Tensor]], temperature: float, n: int) -> Row:
    """The free energy at a temperature, in the energy's unit, with its standard error."""
    one = weighed(model, n, {"temperature": temperature})
    found = log_ratio(*(side(one.x) for side in sides), one.log_weight)
    unit = one.target.boltzmann * temperature
    row = {"temperature": temperature, "free_energy": unit * found.value, "error": unit * found.error}
    if one.target.box:
        grid = Grid.over(lambda x: -one.target.reduced(x, temperature), one.target.box)
        row["exact"] = unit * grid.log_ratio(*sides)
    return row | {"effective_share": effective_share(one.log_weight)}


def parted(rows: list[Row]) -> tuple[float, float]:
    """The energy and the entropy between the states at the middle temperature: F = U - T S."""
    at = torch.tensor([[row["temperature"] ** power for power in (0, 1, 2)] for row in rows], dtype=torch.float64)
    weight = torch.tensor([1 / max(row["error"], 1e-9) for row in rows], dtype=torch.float64)
    found = torch.tensor([row["free_energy"] for row in rows], dtype=torch.float64)
    solution = torch.linalg.lstsq(at * weight[:, None], (found * weight)[:, None]).solution[:, 0]
    middle = rows[len(rows) // 2]["temperature"]
    entropy = -float(solution[1] + 2 * middle * solution[2])
    return float(solution[0] + middle * solution[1] + middle**2 * solution[2]) + middle * entropy, entropy


def write(rows: list[Row], folder: Path, title: str) -> None:
    """A table, and a page with its plot."""
    with atomic(folder / "free_energy.csv") as temporary, temporary.open("w", newline="") as file:
        table = csv.DictWriter(file, list(rows[0]))
        table.writeheader()
        table.writerows(rows)
    where = [row["temperature"] for row in rows]
    middle = [row["free_energy"] for row in rows]
    low, high = ([row["free_energy"] + sign * 2 * row["error"] for row in rows] for sign in (-1, 1))
    exact = [row.get("exact", row["free_energy"]) for row in rows]
    curves = {"free energy over temperature": (Curve(where, low, middle, high), Curve(where, exact, exact, exact))}
    with atomic(folder / "free_energy.html") as temporary:
        temporary.write_text(page(title, {f"T = {row['temperature']:g}": row for row in rows}, {}, {}, curves))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("-o", "--out", type=Path, required=True)
    parser.add_argument("--model", default="double-well", help="a model folder, or a shipped model")
    parser.add_argument("--train", action="store_true", help="train one first, in the folder")
    parser.add_argument("--steps", type=int, default=1500)
    parser.add_argument("--left", default="x<=0")
    parser.add_argument("--right", default="x>=0")
    parser.add_argument("--points", type=int, default=9, help="how many temperatures")
    parser.add_argument("-n", type=int, default=100_000, help="draws at each")
    given = parser.parse_args()
    given.out.mkdir(parents=True, exist_ok=True)
    model = trained(given.out / "model", given.steps) if given.train else load(given.model)
    target = model.domain.density
    if target is None or not target.conditional:
        raise RequestError(f"{given.model} knows no range of temperatures: train it with two of them")
    low, high = target.temperatures
    sides = [region(said, target) for said in (given.right, given.left)]
    temperatures = [low + (high - low) * i / (given.points - 1) for i in range(given.points)]
    rows = [measured(model, sides, one, given.n) for one in temperatures]
    for row in rows:
        print("  ".join(f"{name} {value:.4g}" for name, value in row.items()))
    if all(math.isfinite(row["free_energy"]) for row in rows):
        energy, entropy = parted(rows)
        print(f"at T = {rows[len(rows) // 2]['temperature']:g}: energy {energy:.3f}, entropy {entropy:.3f}")
    write(rows, given.out, f"{target.name}: {given.right} over {given.left}")
    print(f"wrote {given.out / 'free_energy.csv'} and {given.out / 'free_energy.html'}")


if __name__ == "__main__":
    main()
