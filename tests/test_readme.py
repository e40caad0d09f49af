"""What README.md and the pages of docs/ say is so: their Python runs, the paths they name are there, their commands and
options exist, their tables are those of the results."""

import re
import shlex
from pathlib import Path

import pytest

from benchmarks import tables
from minicrt.cli import build_parser, train_videos
from minicrt.settings import parse_assignments, settings

ROOT = Path(__file__).parents[1]
PAGES = {path.relative_to(ROOT).as_posix(): path.read_text(encoding="utf-8")
         for path in [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]}
README = PAGES["README.md"]
BLOCKS = [(name, block) for name, page in PAGES.items()
          for block in re.findall(r"```python\n(.*?)```", page, re.DOTALL)]
COMMANDS = {command for page in PAGES.values()
            for command in re.findall(r"^(minicrt [^#\n]*)|`(?:[A-Z_]+=\S+ )?(minicrt [^`]*)`",
                                      page.replace("\\\n", ""), re.MULTILINE)
            for command in command if command}


@pytest.mark.parametrize(("name", "block"), BLOCKS)
def test_the_python_of_the_pages_runs(name, block, capsys):
    exec(compile(block, name, "exec"), {})
    printed = capsys.readouterr().out
    page = PAGES[name]
    shown = page[page.index(block) + len(block):].removeprefix("```\n\n```\n")
    if printed:                                              # the numbers are rounding and differ between machines
        assert words(shown[:shown.index("```")]) == words(printed)


def words(text):
    return re.findall("[A-Za-z]{2,}", text)


@pytest.mark.parametrize("name", PAGES)
def test_every_path_of_a_page_is_there(name):
    links = re.findall(r"\]\(((?!http|#)[^)#]+)(?:#[^)]*)?\)", PAGES[name])
    assert [link for link in links if not (ROOT / name).parent.joinpath(link).exists()] == []
    named = re.findall(r"`((?:minicrt|tests|docs|benchmarks|tutorials)/[\w./]*)`", PAGES[name])
    assert [path for path in named if not (ROOT / path).exists()] == []


def test_the_readme_names_its_pages():
    assert len(re.findall(r"\]\((?!http)[^)]+\)", README)) > 8
    assert len(README.encode()) < 8000


@pytest.mark.parametrize("name", PAGES)
def test_every_anchor_of_a_page_is_a_heading(name):
    for path, anchor in re.findall(r"\]\(((?!http)[^)#]*)#([^)]+)\)", PAGES[name]):
        target = (ROOT / name).parent / path if path else ROOT / name
        headings = re.findall(r"^#+ (.+)$", target.read_text(encoding="utf-8"), re.MULTILINE)
        assert anchor in {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("command", sorted(COMMANDS))
def test_every_command_of_a_page_is_understood(command):
    command = command.replace("RUN", "runs/python-docs-tiny-001").replace("COMMAND", "train")
    arguments = shlex.split(command, comments=True)[1:]
    if "--print-completion" in arguments:
        pytest.importorskip("shtab")
    if "--help" in arguments or "--print-completion" in arguments:           # which print and end
        with pytest.raises(SystemExit, match="^0$"):
            build_parser().parse_args(arguments)
        return
    parsed = build_parser().parse_args(arguments)
    if parsed.command == "train" and (parsed.task == "video" or parsed.preset in train_videos.presets.NAMES):
        train_videos.chosen_settings(parsed)
    elif parsed.command == "train":
        settings(parsed.preset or "tiny", parse_assignments(parsed.set))


def test_the_tables_are_those_of_the_results():
    pages = {path.relative_to(ROOT).as_posix() for path in tables.PAGES}
    assert sum(PAGES[page].count("<!-- table: ") for page in pages) == 39
    for page in pages:
        assert tables.updated(PAGES[page]) == PAGES[page], "run python -m benchmarks.tables"


@pytest.mark.parametrize("mark", ["main", "tests"])
def test_the_commands_that_ci_runs_are_marked(mark):
    assert f"<!-- ci: {mark} -->\n```sh\npip install " in README
