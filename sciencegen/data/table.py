"""Tables from files: CSV, TSV, Parquet and JSON lines, by suffix."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from sciencegen.errors import DataError, UnknownName

if TYPE_CHECKING:
    import pandas

__all__ = ["cells", "columns_of_numbers", "read_table", "require_columns", "some_rows"]

_ROWS_NAMED = 5


def read_table(path: Path) -> pandas.DataFrame:
    """The table of a file, with at least one row."""
    import pandas

    readers = {
        ".csv": lambda: pandas.read_csv(path, low_memory=False, index_col=False),
        ".tsv": lambda: pandas.read_csv(path, sep="\t", low_memory=False, index_col=False),
        ".parquet": lambda: pandas.read_parquet(path),
        ".jsonl": lambda: pandas.read_json(path, lines=True),
    }
    if not path.exists():
        raise DataError(f"{path}: there is no such file")
    if path.suffix.lower() not in readers:
        raise DataError(f"{path}: expected a table ending in {', '.join(readers)}")
    if path.is_dir():
        raise DataError(f"{path}: expected a file, this is a folder")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", pandas.errors.ParserWarning)
            table = readers[path.suffix.lower()]()
    except pandas.errors.ParserWarning:
        raise DataError(f"{path}: rows have more cells than there are names in the first line") from None
    except (OSError, ImportError) as error:
        raise DataError(f"{path}: cannot be read: {_first_line(error)}") from error
    except (ValueError, OverflowError, RecursionError) as error:  # pandas' own errors are ValueErrors
        raise DataError(f"{path}: not a readable {path.suffix[1:]} table: {_first_line(error)}") from error
    table.columns = [str(name).strip() for name in table.columns]
    twice = [name for name in dict.fromkeys(table.columns) if list(table.columns).count(name) > 1]
    if twice:
        raise DataError(f"{path}: there are several columns {twice[0]!r}: rename them")
    if not len(table):
        raise DataError(f"{path}: the table has no rows")
    return table


def require_columns(path: Path, table: pandas.DataFrame, names: tuple[str, ...]) -> None:
    """Refuse names that are not columns."""
    for name in names:
        if name not in table.columns:
            raise UnknownName(f"column of {path}", name, list(table.columns))


def cells(table: pandas.DataFrame, name: str) -> Sequence[float | str | None]:
    """A column as plain values; None where a cell is empty."""
    column = table[name]
    plain: list[float | str | None] = column.astype(object).where(column.notna(), None).tolist()
    return plain


def columns_of_numbers(path: Path, table: pandas.DataFrame) -> list[str]:
    """The names of the columns that hold numbers; a column of numbers with some text in it is an error, not text."""
    import pandas

    machine_numbers = set(table.select_dtypes("number").columns)
    names = []
    for name in table.columns:
        if name in machine_numbers:
            names.append(name)
        elif table[name].dtype == object or isinstance(table[name].dtype, pandas.StringDtype):
            present = table[name].notna()
            numbers = present & pandas.to_numeric(table[name].astype(object), errors="coerce").notna()
            odd = np.flatnonzero((present & ~numbers).to_numpy())
            if numbers.any() and len(odd):
                found = f"has numbers, but {str(table[name].iloc[odd[0]])!r} in row {some_rows(odd)}"
                raise DataError(f"{path}: column {name} {found}; mend it, or ask for it as a category: --ask {name}")
            if numbers.any():  # whole numbers too long for a machine word
                names.append(name)
    return names


def some_rows(rows: NDArray[np.integer[Any]]) -> str:
    """Numbers of rows as a person counts them, the first few by name."""
    named = ", ".join(str(row + 1) for row in rows[:_ROWS_NAMED])
    return named + (f" and {len(rows) - _ROWS_NAMED} more" if len(rows) > _ROWS_NAMED else "")


def _first_line(error: BaseException) -> str:
    return (str(error).strip() or type(error).__name__).splitlines()[0]
