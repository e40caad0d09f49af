"""Many models trained alike: a grid of cells, each a run; its results; their table and plot."""

from minicrt.comparison.grid import Cell, Grid, read_grid
from minicrt.comparison.results import collect, figure, markdown, read_results, result_of, write_result
from minicrt.comparison.runner import run_grid

__all__ = ["Cell", "Grid", "collect", "figure", "markdown", "read_grid", "read_results", "result_of", "run_grid",
           "write_result"]
