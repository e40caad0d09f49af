"""TOML and JSON that an editor gave a byte order mark and other line ends are read as if it had not."""

import codecs
import shutil
from pathlib import Path

import pytest

from minicrt.cli import main
from minicrt.comparison import read_grid
from minicrt.comparison.results import collect, read_results
from minicrt.conformance.golden import files, some_cases
from tests.cli.running import copy_of_run

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"
NAMES = ["config.toml", "summary.json", "metrics.jsonl"]


def mark(path):
    path.write_bytes(codecs.BOM_UTF8 + path.read_bytes().replace(b"\n", b"\r\n"))


def test_a_run(trained, tmp_path, capsys):
    _, run, _ = trained
    marked = copy_of_run(run, tmp_path)
    for name in NAMES:
        mark(marked / name)
    for command in (["train", "--resume"], ["eval"], ["info"]):
        assert main([*command, str(run)]) == 0
        expected = capsys.readouterr().out
        assert main([*command, str(marked)]) == 0
        assert capsys.readouterr().out.replace(str(marked), str(run)) == expected
    (marked / "summary.json").unlink()
    assert main(["train", "--resume", str(marked), "--quiet"]) == 0


def test_a_grid(tmp_path):
    grid = tmp_path / "grid.toml"
    shutil.copy(BENCHMARKS / "grids/ptb.toml", grid)
    plain = read_grid(grid)
    mark(grid)
    assert read_grid(grid) == plain


def test_results(tmp_path):
    shutil.copytree(BENCHMARKS / "results/ptb", tmp_path / "results")
    plain = collect(read_results(tmp_path / "results"))
    for path in (tmp_path / "results").glob("*.json"):
        mark(path)
    assert collect(read_results(tmp_path / "results")) == plain


@pytest.mark.parametrize("marked", ["golden/manifest.json", "golden/linear/case.json", "theirs/linear/case.json",
                                    "names.toml"])
def test_golden_cases_and_names(tmp_path, capsys, marked):
    files.write(tmp_path / "golden", some_cases(["linear"]))
    shutil.copytree(tmp_path / "golden", tmp_path / "theirs")
    (tmp_path / "theirs/linear/tensors.safetensors").unlink()
    (tmp_path / "names.toml").write_text('[names]\nd_x = "d_x"\n', encoding="utf-8")
    mark(tmp_path / marked)
    assert main(["golden", "check", str(tmp_path / "golden"), "--against", str(tmp_path / "theirs"), "--names",
                 str(tmp_path / "names.toml")]) == 0
    assert capsys.readouterr().out.startswith("1 case right")
