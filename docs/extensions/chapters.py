"""Which chapters of the course use a public name: in their code, by import or attribute, or as a graded exercise"""

import ast
import json
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple


class Chapter(NamedTuple):
    docname: str                                             # of its page, without an ending
    title: str                                               # 04 · A GRU through time
    names: frozenset[str]                                    # minicrt.ops.gru, ...


def chapters(folder: Path, homes: dict[str, str]) -> list[Chapter]:
    return [chapter(path, homes) for path in sorted(folder.glob("*.ipynb"))]


def chapter(path: Path, homes: dict[str, str]) -> Chapter:
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    title = next(line.removeprefix("# ") for cell in cells for line in "".join(cell["source"]).splitlines()
                 if cell["cell_type"] == "markdown" and line.startswith("# "))
    code = "\n\n".join("".join(cell["source"]) for cell in cells if cell["cell_type"] == "code")
    used = {homes.get(name, "") for name in names(ast.parse(code))}
    return Chapter(f"tutorials/solved/{path.stem}", title.strip(), frozenset(used - {""}))


def names(tree: ast.Module) -> Iterator[str]:
    """Dotted names of minicrt that the code uses: what an import calls `ops` is minicrt.ops"""
    called: dict[str, str] = {"minicrt": "minicrt"}
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and (node.module or "").partition(".")[0] == "minicrt":
            called |= {alias.asname or alias.name: f"{node.module}.{alias.name}" for alias in node.names}
        elif isinstance(node, ast.Import):
            called |= {alias.asname: alias.name for alias in node.names
                       if alias.asname and alias.name.startswith("minicrt.")}
    yield from called.values()
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute):
            dotted = ast.unparse(node)
            first, _, rest = dotted.partition(".")
            if first in called:
                yield f"{called[first]}.{rest}"
        elif isinstance(node, ast.Call) and ast.unparse(node.func) == "teach.grade" and node.args:
            exercise = node.args[0]
            if isinstance(exercise, ast.Constant):
                yield f"minicrt.ops.{exercise.value}"        # an exercise that is an operation has its name
