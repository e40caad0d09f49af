"""What the README says is so: its Python runs, the paths it names are there, its commands and options exist."""

import re
import shlex
from pathlib import Path

import pytest

from benchmarks import tables
from minicrt.cli import build_parser
from minicrt.configuration import to_mapping
from minicrt.settings import parse_assignments, settings

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
COMMANDS = [shlex.split(line, comments=True)[1:] for line in README.splitlines() if line.startswith("minicrt ")]


@pytest.mark.parametrize("block", re.findall(r"```python\n(.*?)```", README, re.DOTALL))
def test_the_python_of_the_readme_runs(block, capsys):
    exec(compile(block, "README.md", "exec"), {})
    printed = capsys.readouterr().out
    shown = README[README.index(block) + len(block):].removeprefix("```\n\n```\n")
    if printed:                                              # the numbers are rounding and differ between machines
        assert words(shown[:shown.index("```")]) == words(printed)


def words(text):
    return re.findall("[A-Za-z]{2,}", text)


def test_every_path_of_the_readme_is_there():
    named = re.findall(r"^\| `([\w./]+)` \|", README, re.MULTILINE) + re.findall(r"\]\(((?!http)[^)]+)\)", README)
    assert len(named) > 10
    assert [path for path in named if not (ROOT / path).exists()] == []


@pytest.mark.parametrize("arguments", COMMANDS, ids=" ".join)
def test_every_command_of_the_readme_is_understood(arguments):
    parsed = build_parser().parse_args(arguments)
    if parsed.command == "train":
        settings(parsed.preset or "tiny", parse_assignments(parsed.set))


def test_the_tables_are_those_of_the_results():
    assert README.count("<!-- table: ") == 7
    assert tables.updated(README) == README, "run python -m benchmarks.tables"


@pytest.mark.parametrize("mark", ["main", "tests"])
def test_the_commands_that_ci_runs_are_marked(mark):
    assert f"<!-- ci: {mark} -->\n```sh\npip install " in README


def test_the_switches_of_the_readme_are_the_defaults():
    table = README[README.index("| question | default |"):]
    defaults = re.findall(r"^\|[^|]+\| `(\w+=\w+)`", table, re.MULTILINE)
    assert len(defaults) == 7
    chosen = settings("tiny", {})
    values = {**to_mapping(chosen.training), **to_mapping(chosen.create_model(5).config)}
    assert {key: values[key] for key in parse_assignments(defaults)} == parse_assignments(defaults)
