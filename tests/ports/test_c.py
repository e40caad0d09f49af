"""The GRU in C99: it compiles without a warning, is accepted in double and in float, and its mistakes are named."""

import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from minicrt.cli import main
from minicrt.conformance import golden
from tests.ports.c_compiler import c_compiler

SOURCE = Path(__file__).parent / "c" / "gru.c"
FLAGS = ["-std=c99", "-Wall", "-Wextra", "-Wpedantic", "-Werror", "-O2"]
CASES = [name for name in golden.all_cases() if name.split("-")[0] == "gru" and golden.case(name).subject == "gru"
         and golden.case(name).configuration["reset_after"]]


@pytest.fixture(scope="module")
def build(tmp_path_factory):
    """build(-D options) -> the program"""
    compiler, folder = c_compiler(), tmp_path_factory.mktemp("built")

    def build(*defines):
        program = folder / "-".join(["gru", *defines])
        command = [compiler, *FLAGS, *(f"-D{define}" for define in defines), "-o", program, SOURCE, "-lm"]
        compiled = subprocess.run(command, capture_output=True, text=True)
        assert (compiled.returncode, compiled.stderr) == (0, "")
        return program

    return build


@pytest.fixture(scope="module")
def vectors(tmp_path_factory):
    folder = tmp_path_factory.mktemp("golden")
    assert main(["golden", "write", str(folder), "--case", *CASES]) == 0
    return folder


def run(program, *arguments):
    return subprocess.run([program, *arguments], capture_output=True, text=True)


def checked(vectors, theirs, capsys):
    """The exit code of `minicrt golden check`, and its report by case."""
    capsys.readouterr()
    code = main(["golden", "check", str(vectors), "--against", str(theirs), "--json"])
    return code, {case["case"]: case for case in json.loads(capsys.readouterr().out)["cases"]}


def test_there_are_edge_cases():
    assert {"gru", "gru-T1", "gru-B1", "gru-saturated"} <= set(CASES)


@pytest.mark.parametrize("real", ["double", "float"])
def test_it_is_accepted(real, build, vectors, tmp_path, capsys):
    assert run(build(f"REAL={real}"), vectors, tmp_path, *CASES).returncode == 0
    code, reports = checked(vectors, tmp_path, capsys)
    assert code == 0 and list(reports) == CASES
    dtype = {"double": "float64", "float": "float32"}[real]
    for report in reports.values():
        assert {row["dtype"] for row in report["rows"]} == {dtype}
        assert {row["name"] for row in report["rows"]} >= {
            "r", "z", "c", "n", "h", "d_x", "d_h0", "d_w", "d_u", "d_b", "d_b_hn"}


def test_golden_files_in_float32_are_read(build, tmp_path):
    folder, theirs = tmp_path / "golden", tmp_path / "theirs"
    assert main(["golden", "write", str(folder), "--case", "gru", "--dtype", "float32"]) == 0
    assert run(build("REAL=float"), folder, theirs, "gru").returncode == 0
    assert main(["golden", "check", str(folder), "--against", str(theirs)]) == 0


@pytest.mark.parametrize("switch, mistake, case, forward, backward", [
    ("BUG_GATE_ORDER", "gate order z, r, n", "gru", "r", "d_x"),
    ("BUG_Z_KEEPS_NEW", "z keeps the new", "gru-T1", "h", "d_x"),
    ("BUG_STATE_FORGOTTEN", "direct path missing", "gru", None, "d_x"),
])
@pytest.mark.parametrize("real", ["double", "float"])
def test_a_mistake_is_named(switch, mistake, case, forward, backward, real, build, vectors, tmp_path, capsys):
    assert run(build(f"REAL={real}", switch), vectors, tmp_path, case).returncode == 0
    code, reports = checked(vectors, tmp_path, capsys)
    report = reports[case]
    assert code == 1 and (report["first_forward"], report["first_backward"]) == (forward, backward)
    assert report["diagnosis"]["mistakes"] == [mistake] and mistake in report["diagnosis"]["sentences"][0]


def test_every_mistake_of_the_source_is_tested():
    switches = set(re.findall(r"BUG_[A-Z_]+\w", SOURCE.read_text(encoding="utf-8")))
    assert switches == {"BUG_GATE_ORDER", "BUG_Z_KEEPS_NEW", "BUG_STATE_FORGOTTEN"}


def edited(pattern, replacement):
    """A change of case.json that does change it."""
    def edit(case):
        text = (case / "case.json").read_text(encoding="utf-8")
        changed = re.sub(pattern, replacement, text, count=1)
        assert changed != text
        (case / "case.json").write_text(changed, encoding="utf-8")
    return edit


def cut(case):
    (case / "tensors.bin").write_bytes((case / "tensors.bin").read_bytes()[:100])


DAMAGES = {
    "no case.json": (lambda case: (case / "case.json").unlink(), "case.json: No such file"),
    "no tensors.bin": (lambda case: (case / "tensors.bin").unlink(), "tensors.bin: No such file"),
    "an empty case.json": (lambda case: (case / "case.json").write_text("", encoding="utf-8"), "not a case of a gru"),
    "a short file": (cut, "behind the 100 bytes of tensors.bin"),
    "a missing tensor": (edited(r'"name": "u"', '"name": "v"'), "no line for the tensor u"),
    "a wrong dtype": (edited(r'("name": "w".*?"dtype": )"float64"', r'\1"int64"'), "expected float64 or float32"),
    "no dtype": (edited(r'("name": "w".*?)"dtype"', r'\1"type"'), "expected float64 or float32"),
    "a wrong shape": (edited(r'("name": "u".*?"shape": )\[(\d+), ', r"\1[1\2, "), "tensor u is"),
    "an axis too many": (edited(r'("name": "b".*?"shape": )\[', r"\1[1, "), "expected float64 or float32 and 1 axes"),
    "a shape that is none": (edited(r'("name": "x".*?"shape": )\[', r"\1[wide, "), "tensor x is"),
    "a size of 0": (edited(r'("name": "x".*?"shape": )\[\d+', r"\1[0"), "tensor x is"),
    "a huge size": (edited(r'("name": "x".*?"shape": )\[\d+', r"\1[9999999999999999999"), "behind the"),
    "a negative offset": (edited(r'("name": "w".*?"offset": )', r"\1-"), "behind the"),
    "the other form": (edited(r'"reset_after": true', '"reset_after": false'), "not a case of a gru with reset_after"),
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_bad_input_gets_a_line_and_exit_2(damage, build, vectors, tmp_path):
    change, words = DAMAGES[damage]
    case = tmp_path / "golden" / "gru-B1"
    shutil.copytree(vectors / "gru-B1", case)
    change(case)
    result = run(build(), tmp_path / "golden", tmp_path / "theirs", "gru-B1")
    assert (result.returncode, result.stdout) == (2, "")
    assert result.stderr.startswith("gru: ") and result.stderr.count("\n") == 1 and words in result.stderr


def test_bad_arguments_get_a_line_and_exit_2(build, vectors, tmp_path):
    (tmp_path / "file").touch()
    for arguments in ([], [vectors, tmp_path], [vectors, tmp_path, "gru-none"], [vectors, tmp_path / "file", "gru"],
                      [vectors, tmp_path / "no" / "parent", "gru"]):
        result = run(build(), *arguments)
        assert result.returncode == 2 and result.stderr.startswith("gru: ") and result.stderr.count("\n") == 1
