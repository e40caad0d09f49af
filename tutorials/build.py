"""Make the notebooks of the course from their sources: `python tutorials/build.py`, or `… build.py 02 04` for some.

A source, `source/NN_name.py`, is Python in cells (the percent format, which Jupytext and most editors know):

    # %% [markdown]              text, every line behind "# "; a picture is in pictures/, where Jupyter can see it
    # %%                         code
    # %% exercise="gru_step"     a stub, 3 to 12 lines, and as the last statement teach.grade("gru_step", gru_step)
    # %% answer="0.5, -0.25"     code in which `...` stands for what the reader is to predict: teach.answer("04.h", ...)

It makes two notebooks: `NN_name.ipynb` to work in, with the stubs; and `solved/NN_name.ipynb` to read, in which each
stub is `teach.source(name)` and each `...` its answer. The solved one is run, in full; its outputs are kept in both,
those of exercises and answers in the solved one alone. Where no code has changed since, the outputs that are there
stay, unless `--run` asks for new ones. Exit code 1 if a cell fails.
"""

import argparse
import ast
import json
import os
import re
import sys
from pathlib import Path
from typing import Any, NamedTuple

FOLDER = Path(__file__).resolve().parent
SOURCES, SOLVED = FOLDER / "source", FOLDER / "solved"
WIDEST = 88                                                  # columns of code: more is cut off in a notebook
HEADER = re.compile(r'# %%(?P<markdown> \[markdown\])?(?: (?P<kind>exercise|answer)="(?P<value>[^"]+)")?')
METADATA = {"kernelspec": {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"},
            "language_info": {"name": "python"}}


class SourceError(Exception):
    """A source that no notebook can be made from"""


class Cell(NamedTuple):
    kind: str                                                # markdown, code, exercise, answer
    value: str                                               # the exercise's name, the answer's values
    text: str


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description="Make the notebooks of the course from their sources.")
    parser.add_argument("chapters", nargs="*", metavar="NN", help="the chapters to make (default: all)")
    parser.add_argument("--run", action="store_true", help="run them even where no code has changed")
    options = parser.parse_args(arguments)
    if os.environ.get("MINICRT_FAST"):
        parser.error("MINICRT_FAST is set, and its outputs mean nothing; unset it")
    sources = [path for path in sorted(SOURCES.glob("*.py"))
               if not options.chapters or any(path.stem.startswith(chapter) for chapter in options.chapters)]
    if not sources:
        parser.error(f"no source begins with {' or '.join(options.chapters)}")
    try:
        return 1 if [path for path in sources if not make(path, options.run)] else 0
    except SourceError as error:
        parser.error(str(error))


def make(source: Path, run: bool) -> bool:
    """Write both notebooks of a chapter; False, and nothing written, if a cell fails."""
    cells = read(source)
    student, solved = notebook(cells, source), notebook(cells, source, solved=True)
    path, solved_path = FOLDER / f"{source.stem}.ipynb", SOLVED / f"{source.stem}.ipynb"
    if run or not keep_outputs(solved, solved_path):
        import nbformat  # of the extra `notebooks`; the rest does without
        from execute import execute

        executed, problem = execute(nbformat.reads(json.dumps(solved), as_version=4), source.stem)
        if problem:
            return False
        solved["cells"] = json.loads(nbformat.writes(executed))["cells"]
    copy_outputs(cells, solved, student)
    SOLVED.mkdir(exist_ok=True)
    for made, target in (student, path), (solved, solved_path):
        target.write_text(json.dumps(made, ensure_ascii=False, indent=1) + "\n", encoding="utf-8", newline="\n")
    return True


def read(source: Path) -> list[Cell]:
    """The cells of a source. Raises SourceError, with the line."""
    cells, lines = list[tuple[int, re.Match[str], list[str]]](), source.read_text(encoding="utf-8").splitlines()
    for number, line in enumerate(lines, 1):
        if line.startswith("# %%"):
            header = HEADER.fullmatch(line)
            if header is None or header["markdown"] and header["kind"]:
                raise SourceError(f'{source.name}:{number}: {line!r}; expected # %%, # %% [markdown], '
                                  '# %% exercise="…" or # %% answer="…"')
            cells.append((number, header, []))
        elif not cells:
            raise SourceError(f"{source.name}:{number}: a line before the first # %%")
        elif cells[-1][1]["markdown"] and line not in ("", "#") and not line.startswith("# "):
            raise SourceError(f'{source.name}:{number}: {line!r} in text, expected "# " in front')
        else:
            cells[-1][2].append(line)
    return [_cell(source, *cell) for cell in cells]


def _cell(source: Path, number: int, header: re.Match[str], lines: list[str]) -> Cell:
    if header["markdown"]:
        return Cell("markdown", "", "\n".join(line[2:] for line in lines).strip("\n"))
    cell = Cell(header["kind"] or "code", header["value"] or "", "\n".join(lines).strip("\n"))
    where = f"{source.name}:{number}: "
    wide = [line for line in (cell.text + "\n" + solved_text(cell, where)).splitlines() if len(line) > WIDEST]
    if wide:
        raise SourceError(f"{where}code of more than {WIDEST} columns: {wide[0]}")
    return cell


def solved_text(cell: Cell, where: str = "") -> str:
    """The cell as the solved notebook has it. Raises SourceError for a stub without its grade, an answer without …"""
    if cell.kind == "exercise":
        last = ast.parse(cell.text).body[-1]
        grade = ast.get_source_segment(cell.text, last) or ""
        if not grade.startswith(f'teach.grade("{cell.value}", '):
            raise SourceError(f'{where}the last statement is {grade!r}, expected teach.grade("{cell.value}", …)')
        from minicrt import teach
        return f"{teach.source(cell.value).strip()}\n\n\n{grade}"
    if cell.kind == "answer":
        text, places = re.subn(r"\.\.\.(, \.\.\.)*", lambda _: cell.value, cell.text)
        if places != 1:
            raise SourceError(f"{where}an answer has `...` once, or several with commas between")
        return text
    return cell.text


def notebook(cells: list[Cell], source: Path, solved: bool = False) -> dict[str, Any]:
    """The notebook without outputs, as JSON has it"""
    made = [_notebook_cell(f"{source.stem[:2]}-{index:03}", cell, solved) for index, cell in enumerate(cells)]
    if solved:                                               # one folder deeper
        for cell in made:
            if cell["cell_type"] == "markdown":
                cell["source"] = cell["source"].replace("](pictures/", "](../pictures/")
        note = (f"*This is the chapter with its exercises solved, to be read. To work on it, open "
                f"[{source.stem}.ipynb](../{source.stem}.ipynb).*")
        made[0]["source"] = f"{made[0]['source']}\n\n{note}"
    for cell in made:
        cell["source"] = cell["source"].splitlines(keepends=True)
    return {"cells": made, "metadata": METADATA, "nbformat": 4, "nbformat_minor": 5}


def _notebook_cell(identity: str, cell: Cell, solved: bool) -> dict[str, Any]:
    if cell.kind == "markdown":
        return {"cell_type": "markdown", "id": identity, "metadata": {}, "source": cell.text}
    return {"cell_type": "code", "execution_count": None, "id": identity, "metadata": {}, "outputs": [],
            "source": solved_text(cell) if solved else cell.text}


def keep_outputs(made: dict, path: Path) -> bool:
    """Take the outputs over from the notebook that is there; False where its code is another, or it has none."""
    if not path.exists():
        return False
    ours = [cell for cell in made["cells"] if cell["cell_type"] == "code"]
    theirs = [cell for cell in json.loads(path.read_text(encoding="utf-8"))["cells"] if cell["cell_type"] == "code"]
    if [cell["source"] for cell in ours] != [cell["source"] for cell in theirs]:
        return False
    for our, their in zip(ours, theirs):
        our["outputs"], our["execution_count"] = their["outputs"], their["execution_count"]
    return True


def copy_outputs(cells: list[Cell], solved: dict, student: dict) -> None:
    """What a reader's cells will show, too; what exercises and answers show is for the reader to find."""
    for cell, from_, to in zip(cells, solved["cells"], student["cells"]):
        if cell.kind == "code":
            to["outputs"], to["execution_count"] = from_["outputs"], from_["execution_count"]


if __name__ == "__main__":
    sys.exit(main())
