"""Many models trained alike: a grid of cells, each a run; its results; their table and plot."""

from minicrt.comparison.cell import Cell
from minicrt.comparison.grid import Grid, read_grid
from minicrt.comparison.results import collect, figure, markdown, read_results, write_result
from minicrt.comparison.runner import run_grid
from minicrt.comparison.videos import VideoCell

__all__ = ["Cell", "Grid", "VideoCell", "collect", "figure", "markdown", "read_grid", "read_results", "run_grid",
           "write_result"]
