"""A matplotlib Figure that draws to files: by itself, in the package's own style, whatever the user's settings say.

A matplotlibrc may ask for LaTeX or for fonts that are not there, MPLBACKEND for a display or for a package that is
missing. None of that concerns a file.
"""

import contextlib
import functools
import io
import os
import sys
import warnings
from collections.abc import Callable, Iterator
from typing import Any, ParamSpec, TypeVar

Arguments = ParamSpec("Arguments")
Result = TypeVar("Result")


@contextlib.contextmanager
def backend_not_demanded() -> Iterator[None]:
    """matplotlib's first import refuses an MPLBACKEND that it does not know. Here it is imported without; a known one
    then holds for the rest of the program, a notebook's display for one."""
    wanted = os.environ.pop("MPLBACKEND", None) if "matplotlib" not in sys.modules else None
    try:
        yield
    finally:
        if wanted is not None:
            os.environ["MPLBACKEND"] = wanted
    if wanted:
        with contextlib.suppress(ValueError):                # of no use to pyplot, which says so when it is imported
            matplotlib.rcParams["backend"] = wanted


with backend_not_demanded():
    import matplotlib
    import matplotlib.style

from matplotlib.backends.backend_agg import FigureCanvasAgg  # noqa: E402
from matplotlib.figure import Figure  # noqa: E402

from minicrt.arguments import check_kind  # noqa: E402


@contextlib.contextmanager
def own_style() -> Iterator[None]:
    """matplotlib as it is delivered. A character that the font lacks is drawn as a box, and not told of."""
    with matplotlib.style.context("default"), warnings.catch_warnings():
        warnings.filterwarnings("ignore", r"Glyph .* missing from", UserWarning)
        yield


def in_own_style(draw: Callable[Arguments, Result]) -> Callable[Arguments, Result]:
    """`draw`, called in the package's own style: most of the settings are read where a part of a figure is made."""
    @functools.wraps(draw)
    def drawn(*arguments: Arguments.args, **settings: Arguments.kwargs) -> Result:
        with own_style():
            return draw(*arguments, **settings)
    return drawn


class Picture(Figure):
    """A Figure with an Agg canvas and no pyplot, which a notebook shows as PNG."""

    @in_own_style
    def __init__(self, *arguments: Any, **settings: Any) -> None:
        super().__init__(*arguments, **settings)
        FigureCanvasAgg(self)

    @in_own_style
    def savefig(self, *arguments: Any, **settings: Any) -> None:
        super().savefig(*arguments, **settings)

    def png(self) -> bytes:
        """The file's contents."""
        buffer = io.BytesIO()
        self.savefig(buffer, format="png")
        return buffer.getvalue()

    def _repr_png_(self) -> bytes:
        return self.png()


def as_written(text: str) -> str:
    """`text` with what no font could draw, lone surrogates of a file name, as its number. To be drawn with
    parse_math=False: `$` is not the start of a formula."""
    check_kind("a text in a picture", text, str, "a text")
    return text.encode(errors="backslashreplace").decode()
