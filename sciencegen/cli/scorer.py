"""`sciencegen scorer`: trying out a scorer of one's own."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import typer

if TYPE_CHECKING:
    from sciencegen.scorers.scorer import Scorer

__all__ = ["app"]

_EXAMPLES = {
    "molecules": (
        "CC(=O)Nc1ccc(O)cc1",
        "CC(C)Cc1ccc(C(C)C(=O)O)cc1",
        "Cn1c(=O)c2c(ncn2C)n(C)c1=O",
        "CC(=O)Oc1ccccc1C(=O)O",
        "CN1CCC[C@H]1c1cccnc1",
        "CN(C)CCc1c[nH]c2ccccc12",
        "COc1ccc2cc([C@H](C)C(=O)O)ccc2c1",
        "CC(C)NCC(O)COc1cccc2ccccc12",
        "Nc1ccc(S(=O)(=O)Nc2ncccn2)cc1",
        "O=C1CN=C(c2ccccc2)c2cc(Cl)ccc2N1",
    )
}
"""Items to try scorers on, by domain; each has its own answer to most questions."""

app = typer.Typer(help="Scorers of your own: try one out before a run.", no_args_is_help=False, rich_markup_mode=None)


@app.callback(invoke_without_command=True)
def scorer(context: typer.Context) -> None:
    """Scorers of your own: try one out before a run."""
    if context.invoked_subcommand is None:
        print(context.get_help())


@app.command()
def check(
    command: list[str] | None = typer.Argument(
        None, help="The command and its arguments; write -- before one that has options of its own."
    ),
    contract: str = typer.Option("json", "--contract", help="How it is asked: json or csv."),
    domain: str = typer.Option("molecules", "--domain", help="The kind of items it is for."),
    items: Path | None = typer.Option(None, "--items", help="Items to try it on; some molecules without it."),
    timeout: float = typer.Option(600.0, "--timeout", help="Seconds for a batch."),
    batch: int = typer.Option(100, "--batch", help="How many items a batch of the run will hold."),
    memory: float = typer.Option(0.0, "--memory", help="The most memory in GB; 0 for no limit."),
    config: Path | None = typer.Option(None, "--config", help="Take all this from the file of a campaign."),
    name: str | None = typer.Option(None, "--name", help="Which score of the campaign, where there are several."),
) -> None:
    """Run a scorer on a few items and say in a line for each check what works and what to do.

    Exit code 0: it can be used; 5: it cannot.
    """
    from sciencegen.errors import RequestError
    from sciencegen.scorers.check import check as findings
    from sciencegen.scorers.scorer import Scorer

    if (config is None) == (not command):
        raise RequestError("give either a command or the --config of a campaign")
    if config is not None:
        tried, domain = _of_campaign(config, name)
    elif name is not None:
        raise RequestError(f"--name {name}: names a score of a campaign: give its --config too")
    else:
        tried = Scorer("scorer", tuple(command or ()), contract, batch, timeout, memory=memory, column=_column(domain))
    texts = _items(domain, items)
    print(f"{tried.said}: {tried.contract}, {tried.timeout:g} s a batch of {tried.batch:,}", file=sys.stderr)
    usable = True
    for finding in findings(tried, texts):
        usable &= finding.verdict != "wrong"
        print(finding, flush=True)
    print("it can be used" if usable else "it cannot be used", file=sys.stderr)
    if not usable:
        raise typer.Exit(5)


def _of_campaign(path: Path, name: str | None) -> tuple[Scorer, str]:
    """A scorer of a campaign, and the domain of its items."""
    from sciencegen.campaign.config import read_config
    from sciencegen.campaign.outside import scorer_in
    from sciencegen.errors import RequestError, UnknownName

    config = read_config(path)
    scores = {score.name: score for score in config.score if score.command}
    if not scores:
        raise RequestError(f"{path}: has no score with a command")
    if name is None and len(scores) > 1:
        raise RequestError(f"{path}: has several scores with a command: give --name, one of {', '.join(scores)}")
    if name is not None and name not in scores:
        raise UnknownName(f"score of {path}", name, scores)
    score = scores[name] if name is not None else next(iter(scores.values()))
    return scorer_in(score, path.resolve().parent, _column(config.domain)), config.domain


def _column(domain: str) -> str:
    from sciencegen.cli.tables import domain_called

    return domain_called(domain).column


def _items(name: str, path: Path | None) -> Sequence[str]:
    """The items to try a scorer on, as a run would write them."""
    from sciencegen.cli.tables import domain_called, read_entries
    from sciencegen.errors import DataError, RequestError

    domain = domain_called(name)
    if path is None and name not in _EXAMPLES:
        raise RequestError(f"--domain {name}: there are no items to try a scorer on: give some with --items")
    if path is None:
        found = [domain.parse(text) for text in _EXAMPLES[name]]
    else:
        found = [entry.item for entry in read_entries(domain, path, None)]
    texts = list(dict.fromkeys(domain.text(item) for item in found if item is not None))
    if not texts:
        raise DataError(f"{path}: holds no items")
    return texts
