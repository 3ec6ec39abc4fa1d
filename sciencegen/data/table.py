"""Tables from files: CSV, TSV, Parquet and JSON lines, by suffix."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from sciencegen.errors import DataError, UnknownName

if TYPE_CHECKING:
    import pandas

__all__ = ["read_table", "require_columns"]


def read_table(path: Path) -> pandas.DataFrame:
    """The table of a file, with at least one row."""
    import pandas

    readers = {
        ".csv": lambda: pandas.read_csv(path),
        ".tsv": lambda: pandas.read_csv(path, sep="\t"),
        ".parquet": lambda: pandas.read_parquet(path),
        ".jsonl": lambda: pandas.read_json(path, lines=True),
    }
    if path.suffix not in readers:
        raise DataError(f"{path}: expected a table ending in {', '.join(readers)}")
    if not path.exists():
        raise DataError(f"{path}: there is no such file")
    try:
        table = readers[path.suffix]()
    except (pandas.errors.ParserError, pandas.errors.EmptyDataError, UnicodeDecodeError, ValueError) as error:
        raise DataError(
            f"{path}: not a readable {path.suffix[1:]} table: {str(error).strip().splitlines()[0]}"
        ) from error
    except (OSError, ImportError) as error:
        raise DataError(f"{path}: {str(error).splitlines()[0]}") from error
    if not len(table):
        raise DataError(f"{path}: the table has no rows")
    table.columns = [str(name) for name in table.columns]
    return table


def require_columns(path: Path, table: pandas.DataFrame, names: tuple[str, ...]) -> None:
    """Refuse names that are not columns."""
    for name in names:
        if name not in table.columns:
            raise UnknownName(f"column of {path}", name, list(table.columns))
