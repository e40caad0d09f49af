"""`minicrt golden write` and `list`"""

import re

import pytest

from minicrt.cli import main
from minicrt.conformance.golden import all_cases, files
from tests.cli.running import refused, run_minicrt


def test_write(tmp_path, capsys):
    assert main(["golden", "write", str(tmp_path / "golden"), "--case", "gru-T1", "--case", "tanh",
                 "--dtype", "float32"]) == 0
    output = capsys.readouterr().out
    summary = re.fullmatch(r"2 cases with (\d+) tensors in float32, \d+\.\d MB, in (.+); \d+\.\d s\n", output)
    cases = files.read(tmp_path / "golden")
    assert list(cases) == ["gru-T1", "tanh"] and summary
    assert int(summary[1]) == sum(len(case.tensors) for case in cases.values())
    assert cases["tanh"]["y"].value.dtype == "float32"


def test_write_in_a_process_of_its_own(tmp_path):
    result = run_minicrt("golden", "write", "golden", "--case", "tanh", cwd=tmp_path)
    assert result.returncode == 0 and result.stderr == ""         # no bar where nobody watches
    assert list(files.read(tmp_path / "golden")) == ["tanh"]


@pytest.mark.parametrize("arguments, words", [
    (["--case", "tahn"], "no golden case is named 'tahn'; did you mean tanh?"),
    (["--case", "42"], "no golden case is named '42'; `minicrt golden list` shows the names"),
    (["--dtype", "float16"], "invalid choice: 'float16'"),
    (["--case"], "expected at least one argument"),
])
def test_write_refuses(arguments, words, capsys, tmp_path):
    assert words in refused(capsys, "golden", "write", tmp_path / "golden", *arguments)
    assert list(tmp_path.iterdir()) == []


def test_write_leaves_other_folders_alone(tmp_path, capsys):
    (tmp_path / "thesis.tex").write_text("mine", encoding="utf-8")
    assert "holds files but no manifest.json" in refused(capsys, "golden", "write", tmp_path, "--case", "tanh")
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.tex"]


def test_list(capsys):
    assert main(["golden", "list"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines] == list(all_cases())
    assert len({re.search(r" (operation|model) +\d+ tensors  ", line).span(0)[0] for line in lines}) == 1
    tanh = next(line for line in lines if line.startswith("tanh "))
    assert re.fullmatch(r"tanh +operation +\d+ tensors  Values of either sign\.", tanh)


def test_without_an_action(capsys):
    assert "ACTION" in refused(capsys, "golden")
