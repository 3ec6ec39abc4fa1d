"""Lookups: tables that are found on the device where they are asked for."""

from __future__ import annotations

from torch import Tensor, device

__all__ = ["Lookup"]


class Lookup:
    """A table, and its copies on other devices, each made once."""

    def __init__(self, table: Tensor) -> None:
        self.table = table
        self._copies = {table.device: table}

    def on(self, where: device) -> Tensor:
        """The table on a device."""
        if where not in self._copies:
            self._copies[where] = self.table.to(where)
        return self._copies[where]
