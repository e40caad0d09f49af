"""The bar of a training: how far it is, and how long the rest takes once more than its first step is known"""

import math
import time
from typing import TYPE_CHECKING, Any

from tqdm import tqdm

if TYPE_CHECKING:
    from minicrt.training.progress import Average


class FittedBar(tqdm):
    """A bar that stays a bar: it says as much as leaves 10 columns for it, in the first of the formats that does."""

    average: "Average | None" = None
    first_t = 0.0                                            # when the first step was done
    training: tuple[str, ...] = (
        "{desc}: {percentage:3.0f}%|{bar}| {n_fmt}/{total_fmt} [{elapsed}<{remaining}, {rate_fmt}, {average}]",
        "{desc}: {percentage:3.0f}%|{bar}| {n_fmt}/{total_fmt} [{elapsed}<{remaining}, {average}]",
        "{desc}: {percentage:3.0f}%|{bar}| {n_fmt}/{total_fmt} [{elapsed}<{remaining}, {short}]",
        "{percentage:3.0f}%|{bar}| {n_fmt}/{total_fmt} [{elapsed}<{remaining}, {short}]")
    anything: tuple[str, ...] = (
        "{desc}: {percentage:3.0f}%|{bar}| {n_fmt}/{total_fmt} [{elapsed}<{remaining}, {rate_fmt}]",
        "{desc}: {percentage:3.0f}%|{bar}| {n_fmt}/{total_fmt} [{elapsed}<{remaining}]",
        "{percentage:3.0f}%|{bar}| {n_fmt}/{total_fmt} [{elapsed}<{remaining}]",
        "{percentage:3.0f}%|{bar}| {remaining}")
    without_total: tuple[str, ...] = (
        "{desc}: {n_fmt} steps [{elapsed}, {rate_fmt}, {average}]",
        "{desc}: {n_fmt} steps [{elapsed}, {short}]",
        "{desc}: {n_fmt} steps")

    @property
    def format_dict(self) -> dict[str, Any]:
        values = super().format_dict
        formats = self.anything
        if self.average is not None and self.n > self.initial:
            values |= {"average": str(self.average), "short": self.average.short()}
            if values["rate"] is None and self.first_t:      # as yet, or because the bar is closed: that of all steps
                values["rate"] = (self.n - self.initial - 1) / max(time.time() - self.first_t, 1e-9) or None
                values["initial"] = self.n                   # so that tqdm does not count the first step
            formats = (*self.training, *self.anything) if self.total else self.without_total
        elif not self.total:
            return values
        columns = values["ncols"] or math.inf
        for form in formats:                                 # without ncols, format_meter draws a bar of 10 columns
            if len(self.format_meter(**{**values, "ncols": None, "bar_format": form})) <= columns:
                break
        return values | {"bar_format": form}

    def first_step(self) -> None:
        """Count a step in which kernels are compiled: it tells nothing of the time that the others take."""
        self.n = self.last_print_n = self.initial + 1
        self.first_t = self.last_print_t = time.time()
        self.refresh()
