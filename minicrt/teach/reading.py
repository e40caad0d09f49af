"""What a student may look at: hints, the solution, an exercise's stub and where it stands"""

import ast
import inspect
import textwrap

from minicrt.arguments import check_whole
from minicrt.errors import InputError
from minicrt.suggestion import suggestion
from minicrt.teach.exercise import Answer
from minicrt.teach.registry import any_of, chapters, exercise_of
from minicrt.teach.verdict import Text

SHOWN: dict[str, int] = {}                                   # which hint of an exercise was the last


def hint(name: str, n: int | None = None) -> Text:
    """Hint n of an exercise, from a nudge (1) to the line; the next one where n is left out.

    Raises InputError where there is no such exercise.
    """
    found = any_of(name)
    if n is None:
        SHOWN[name] = n = min(SHOWN.get(name, 0) + 1, len(found.hints) + 1)
    check_whole("n", n, 1)
    if n > len(found.hints):
        more = f"teach.solution({name!r}) shows the {'numbers' if isinstance(found, Answer) else 'code'}"
        count = len(found.hints) or "no"
        return Text(f"{name} has {count} hint{'s' * (count != 1)}{' and no more' if found.hints else ''}; {more}.")
    return Text(f"Hint {n} of {len(found.hints)}: {found.hints[n - 1]}")


def solution(name: str) -> Text:
    """The code of a solution, or the numbers of a prediction. Try first."""
    found = any_of(name)
    if isinstance(found, Answer):
        return Text("\n".join(f"{key} = {value:.6g}" for key, value in found.values.items()))
    return Text(source(name))


def source(name: str) -> str:
    """The text of a solution's function. Raises InputError where the package was installed without its source."""
    try:
        return inspect.getsource(exercise_of(name).solution)
    except OSError:
        raise InputError(f"the source of {name} is not there: minicrt was installed without its .py files") from None


def stub(name: str) -> str:
    """The function for a student to fill in: its signature, what it is to give, and `...`."""
    text = source(name)
    tree = ast.parse(text).body[0]
    assert isinstance(tree, ast.FunctionDef)
    lines = text.splitlines()
    head = lines[:tree.body[0].lineno - 1]
    doc = lines[tree.body[0].lineno - 1:tree.body[0].end_lineno] if ast.get_docstring(tree) else []
    return "\n".join([*head, *doc, textwrap.indent("...", "    ")]) + "\n"


def contents(chapter: str = "") -> Text:
    """The names of all exercises and predictions, a line each, or of one chapter: "through_time", or "04"."""
    chosen = [one for name, ones in chapters().items() for one in ones
              if chapter in ("", name) or any(other.name.startswith(f"{chapter}.") for other in ones)]
    if not chosen:
        raise InputError(f"there are no exercises of {chapter!r}; {suggestion(chapter, chapters(), 'there are')}")
    return Text("\n".join(f"{one.name:<30}{', '.join(one.values if isinstance(one, Answer) else one.outputs)}"
                          for one in chosen))
