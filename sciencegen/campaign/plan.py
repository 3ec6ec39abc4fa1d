"""The plan of a campaign: everything its results depend on, written down before the work begins."""

from __future__ import annotations

import hashlib
import json
import platform
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from sciencegen.campaign.config import Config, read_config
from sciencegen.core.domain import Domain
from sciencegen.core.files import atomic, sha256
from sciencegen.data.cards import resolve
from sciencegen.errors import DataError, RequestError
from sciencegen.recipes import domain_of

__all__ = ["Plan", "plan_of", "read_plan"]

_FORMAT = 1
_DECIDING = ("numpy", "pandas", "rdkit", "torch")
"""Packages whose versions may change what comes out."""


@dataclass(frozen=True)
class Plan:
    """A campaign: what is asked, what it is asked of, and into how many shards the rows are cut."""

    config: Config
    files: Mapping[str, Path]
    """Where the files that the config names lie."""
    model: str
    """The folder, or the name, of the model that draws; nothing where a file is read."""
    home: Path
    """The folder of the config, in which commands are run."""
    identity: Mapping[str, Any]
    """All that the results depend on, as plain values."""
    shard: int
    rows: int

    @property
    def run(self) -> str:
        """The campaign's own number, which the ids of its candidates begin with."""
        said = json.dumps(self.identity, sort_keys=True)
        return hashlib.sha256(said.encode()).hexdigest()

    @property
    def shards(self) -> int:
        return max(1, -(-self.rows // self.shard))

    @property
    def domain(self) -> Domain[Any]:
        return domain_of(self.config.domain)

    def id(self, number: int) -> str:
        """The name of row `number` of the source, in this campaign and no other."""
        return f"SG-{self.run[:8]}-{number:07d}"

    def span(self, shard: int) -> range:
        """The rows of a shard."""
        return range(shard * self.shard, min((shard + 1) * self.shard, self.rows))

    def of(self, rows: int) -> Plan:
        """The plan, once the rows of its source are counted."""
        return replace(self, rows=rows)

    def write(self, path: Path) -> None:
        """Write the plan down, whole."""
        record = {
            "format": _FORMAT,
            "run": self.run,
            "rows": self.rows,
            "shard": self.shard,
            "shards": self.shards,
            "files": {name: str(file) for name, file in self.files.items()},
            "model": self.model,
            "home": str(self.home),
            "config": self.config.model_dump(mode="json"),
            "identity": self.identity,
        }
        with atomic(path) as temporary:
            temporary.write_text(json.dumps(record, indent=2, sort_keys=True) + "\n", encoding="utf-8")

    def differences(self, other: Plan) -> list[str]:
        """What another plan says otherwise, by name."""
        ours, theirs = _flat(self.identity), _flat(other.identity)
        return [name for name in sorted(ours | theirs) if ours.get(name) != theirs.get(name)]


def plan_of(path: Path) -> Plan:
    """The plan of a config file; its rows are not counted yet where they are those of a file."""
    config = read_config(path)
    files = {name: _found(path, name) for name in _named(config)}
    identity = {
        "format": _FORMAT,
        "config": config.model_dump(mode="json", exclude={"shard"}),
        "files": {name: sha256(file) for name, file in sorted(files.items())},
        "versions": _versions(),
        "machine": platform.machine(),
    }
    home = path.parent.resolve()
    if not config.source.model:
        return Plan(config, files, "", home, identity, config.shard, 0)
    model = _model(config, path)
    return Plan(config, files, model, home, identity | _drawn_by(model), config.shard, config.source.draws)


def read_plan(path: Path) -> Plan:
    """The plan a folder holds."""
    try:
        record = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise DataError(f"{path}: not the plan of a campaign: {error}") from error
    if not isinstance(record, dict) or record.get("format") != _FORMAT:
        raise DataError(f"{path}: not the plan of a campaign of this version")
    files = {name: Path(file) for name, file in record["files"].items()}
    config = Config.model_validate(record["config"])
    home = Path(record["home"])
    return Plan(config, files, record["model"], home, record["identity"], record["shard"], record["rows"])


def _named(config: Config) -> list[str]:
    """The files, or data sets, that a config names."""
    pick, domain = config.pick, domain_of(config.domain)
    listed = [] if pick is None else [one for one in (*pick.must, *pick.ban) if domain.parse(one) is None]
    named: Iterable[str] = (
        config.source.file,
        *config.clean.drop_known,
        *(one.file for one in config.filter.unlike),
        config.report.neighbours,
        *listed,
    )
    return list(dict.fromkeys(name for name in named if name))


def _found(config: Path, name: str) -> Path:
    """A file that lies where the config does, or a data set."""
    beside = config.parent / name
    path = beside if beside.exists() else resolve(name)
    if not path.is_file():
        raise RequestError(f"{config}: {name}: there is no such file")
    return path.resolve()


def _drawn_by(name: str) -> dict[str, Any]:
    """What identifies a model and how it draws here."""
    from sciencegen.model import load

    model = load(name)
    return {"checkpoint": model.checkpoint, "drawn_in": model.drawn_in, "device": model.generator.device.type}


def _model(config: Config, path: Path) -> str:
    """The model's folder beside the config, or its name."""
    beside = path.parent / config.source.model
    return str(beside.resolve()) if beside.exists() else config.source.model


def _versions() -> dict[str, str]:
    found = {}
    for name in ("sciencegen", *_DECIDING):
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found


def _flat(values: Mapping[str, Any], way: str = "") -> dict[str, Any]:
    flat: dict[str, Any] = {}
    for name, value in values.items():
        flat |= _flat(value, f"{way}{name}.") if isinstance(value, Mapping) else {f"{way}{name}": value}
    return flat
