"""What PORTING.md says is so: its programs run and print what it shows, and the names in its tables exist."""

import os
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from minicrt.conformance import golden
from minicrt.conformance.checking import compare
from minicrt.conformance.checking.catalogue import catalogue_of
from minicrt.conformance.conversions import to_onnx_gru, to_torch
from minicrt.models import CRTConfig
from tests.ports.c_compiler import c_compiler

ROOT = Path(__file__).parents[2]
PORTING = (ROOT / "PORTING.md").read_text(encoding="utf-8")
ROWS = [[cell.strip() for cell in line.strip("|").split("|")] for line in
        re.findall(r"^\|.*\|$", PORTING[:PORTING.index("## The name map")], re.MULTILINE)][2:]
BLOCKS = re.findall(r"```(\w*)\n(.*?)```", PORTING, re.DOTALL)
FILES = dict(re.findall(r"<!-- file: (\S+) -->\n```python\n(.*?)```", PORTING, re.DOTALL))
PROGRAMS = [text for language, text in BLOCKS if language == "python" and text not in FILES.values()]


def shown(block):
    """The output that the document shows below a block."""
    rest = PORTING[PORTING.index(block):]
    return re.search(r"^```\n(.*?)```", rest[rest.index("```") + 3:], re.DOTALL | re.MULTILINE)[1]


def words(text):
    """Without the numbers: they are rounding and differ between machines."""
    return re.findall("[A-Za-z_]{2,}", text)


def is_shown(text, printed):
    """Whether `text` shows what was printed; a line "..." in it stands for lines left out."""
    start, dots, end = text.partition("\n  ...\n")
    if not dots:
        return words(text) == words(printed)
    printed = words(printed)
    return printed[:len(words(start))] == words(start) and printed[len(printed) - len(words(end)):] == words(end)


def run(program, capsys):
    exec(compile(program, "PORTING.md", "exec"), {"__name__": "porting"})
    return capsys.readouterr().out


# A port that has the other convention, as the catalogue of mistakes knows it.
OTHER = {
    "vectors": "weight read as (out, in)",
    "GRU, order of the blocks in w, u, b": "gate order z, r, n",
    "GRU, the reset gate": "reset before the product",
    "GRU, the update gate": "z keeps the new",
    "GRU, biases": "b_hn outside the reset",
    "NC-GRU": "reset after the product",
    "LSTM, order of the blocks; state": "gate order i, o, f, g",
    "layer norm, eps": "eps 1e-6",
    "layer norm, variance": "variance over D − 1",
    "layer norm, passes": "variance in one pass",
    "GELU": "tanh GELU",
    "attention, scale": "no 1/√K",
    "attention, mask": "memory hidden",
    "attention, heads": "packed head by head",
    "loss": "sum over the rows",
    "adaptive softmax, head": "clusters in reverse",
    "adaptive softmax, in a model": "output: cluster rows in front",
    "adaptive softmax, clusters": "no bias in the tails",
    "squared error": "half the square",
    "patches, a patch's numbers": "channels first",
    "patches, their order": "patches by column",
    "loss of classes, weights": "weight of the target for all classes",
    "loss of classes, smoothing": "smoothed over the other classes",
    "yes or no": "sigmoid before the loss",
    "stochastic depth": "a mask for every token",
    "RMS norm": "eps 1e-6",
    "causal convolution, weights": "weights reversed",
    "selective scan, B": "B by zero-order hold",
    "delta rule, keys": "keys of any length",
    "delta rule, write": "β up to 2",
    "sparse write": "chosen for the whole batch",
    "pooled queue": "keep and let in exchanged",
    "S4D, B": "B not discretised",
    "relative attention, table": "r in increasing order of distance",
    "relative attention, shift": "distances one too large",
    "relative attention, biases": "u and w the other way round",
    "sinusoids": "distances: interleaved",
    "Cayley transform, A": "below the diagonal",
    "Cayley transform, factors": "factors exchanged",
    "Cayley transform, signs": "S on the left",
    "Cayley transform, gradient": "not antisymmetric",
    "repeated tokens": "repeats lost",
    "AdamW, weight decay": "decay in the gradient",
    "AdamW, eps": "eps inside the root",
    "embedding": "embedding: not scaled",
    "output": "tied table: gradient of the output alone",
    "block": "norm: post",
    "recurrent positions": "position_carry: false",
    "memory token": "memory token: not in the first segment",
    "memory, forward": "writer: reads the memory row too",
    "memory, backward": "memory: detached",
    "readout": "readout: transformer",
    "validation": "state: of another pass",
    "RMT, memory": "memory: of the read rows",
    "RMT, mask": "mask: all rows causal",
    "RMT, positions": "positions: write rows right behind",
    "Transformer-XL, cache": "cache: of outputs",
    "Transformer-XL, norm": "cache: not normed",
    "Transformer-XL, gradient": "cache: not detached",
}


def computed_with(case, mistake):
    """What a port with a known mistake computes, by name."""
    return catalogue_of(case).trace((mistake,))


def test_every_convention_is_proved():
    assert [label for label, *_ in ROWS] == list(OTHER)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row[0])
def test_a_convention_shows_where_the_table_says(row):
    assert len(row) == 4 and all(row)
    name, tensor = re.fullmatch(r"`(.+)`: `(.+)`", row[3]).groups()
    case = golden.case(name)
    assert compare(case, computed_with(case, OTHER[row[0]])).first.name == tensor


def test_the_switches_of_the_conventions_exist():
    table = "".join(PORTING[:PORTING.index("## The name map")])
    switches = re.findall(r"`(\w+)=(.+?)`", table)
    assert len(switches) >= 5
    for name, value in switches:
        assert CRTConfig(vocabulary=5, **{name: eval(value)}) != CRTConfig(vocabulary=5)


def test_the_names_of_pytorch_are_those_of_the_conversion():
    names = PORTING[PORTING.index("## The name map"):PORTING.index("## A worked port")]
    w, u, b, b_hn = np.zeros((2, 9)), np.zeros((3, 9)), np.zeros(9), np.zeros(3)
    for name in to_torch("gru", {"w": w, "u": u, "b": b, "b_hn": b_hn}):
        assert name in names
    _, attributes = to_onnx_gru({"w": w, "u": u, "b": b, "b_hn": b_hn})
    assert f"linear_before_reset = {attributes['linear_before_reset']}" in names


def test_links_lead_somewhere():
    links = re.findall(r"\]\(((?!http)[^)]+)\)", PORTING)
    headings = {"#" + re.sub(r"[^\w -]", "", title.lower()).replace(" ", "-")
                for title in re.findall(r"^#+ (.*)$", PORTING, re.MULTILINE)}
    assert links and [link for link in links if link not in headings and not (ROOT / link).exists()] == []


@pytest.mark.parametrize("program", PROGRAMS, ids=range(len(PROGRAMS)))
def test_the_programs_run_and_print_what_is_shown(program, capsys):
    preceding = PROGRAMS[0].partition("\nfor dtype")[0] + "\n" if "check_port(port, name)" in program else ""
    if "import torch" in preceding + program:
        pytest.importorskip("torch")
    printed = run(preceding + program, capsys)
    if printed:
        assert is_shown(shown(program), printed)


def test_the_wrong_line_is_named_as_shown(capsys):
    pytest.importorskip("torch")
    wrong, right = re.search(r"One wrong line: `(.+?)` in place of `(.+?)`", PORTING).groups()
    assert PROGRAMS[0].count(right) == 1
    program = PROGRAMS[0].replace(right, wrong).partition("\nfor dtype")[0] + '\nprint(check_port(port, "gru"))\n'
    printed = run(program, capsys)
    after = PORTING[PORTING.index("One wrong line"):]
    assert is_shown(re.search(r"```\n(.*?)```", after, re.DOTALL)[1], printed)


def environment(folder):
    """In which `minicrt` and `python` are those that run the tests."""
    for name, start in {"minicrt": "-m minicrt", "python": ""}.items():
        shim = folder / "bin" / name
        shim.parent.mkdir(exist_ok=True)
        shim.write_text(f'#!/bin/sh\nexec "{sys.executable}" {start} "$@"\n', encoding="utf-8")
        shim.chmod(0o755)
    return {**os.environ, "PATH": f"{folder / 'bin'}{os.pathsep}{os.environ['PATH']}"}


def assert_runs(mark, folder, code=0):
    """The commands below a mark exit with that code, and print what is shown."""
    commands = re.search(rf"<!-- run: {mark} -->\n```sh\n(.*?)```", PORTING, re.DOTALL)[1]
    result = subprocess.run(["sh", "-e", "-c", commands], cwd=folder, env=environment(folder), capture_output=True,
                            text=True)
    assert result.returncode == code, result.stderr
    assert is_shown(shown(commands), result.stdout)
    return commands


def test_the_commands_run_and_print_what_is_shown(tmp_path):
    c_compiler()
    (tmp_path / "tests").symlink_to(ROOT / "tests")
    for mark, code in ("c", 0), ("c-bug", 1):
        assert_runs(mark, tmp_path, code)


def test_the_whole_model_runs_and_its_wrong_line_is_named(tmp_path):
    pytest.importorskip("torch")
    for name, text in FILES.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    commands = assert_runs("model", tmp_path)
    wrong, right = re.search(r"One wrong line in `crt.py`: `(.+?)` in place of `(.+?)`", PORTING).groups()
    assert FILES["crt.py"].count(right) == 1
    (tmp_path / "crt.py").write_text(FILES["crt.py"].replace(right, wrong), encoding="utf-8")
    result = subprocess.run(["sh", "-c", commands.partition("\n")[2]], cwd=tmp_path, env=environment(tmp_path),
                            capture_output=True, text=True)
    after = PORTING[PORTING.index("One wrong line in `crt.py`"):]
    assert result.returncode == 1, result.stderr
    assert is_shown(re.search(r"```\n(.*?)```", after, re.DOTALL)[1], result.stdout)


def test_the_line_of_case_json_is_the_real_one(tmp_path):
    from minicrt.cli import main

    assert main(["golden", "write", str(tmp_path), "--case", "gru"]) == 0
    lines = re.search(r"A case is a folder.*?```\n(.*?)```", PORTING, re.DOTALL)[1].splitlines()
    written = (tmp_path / "gru" / "case.json").read_text(encoding="utf-8")
    assert all(line.strip().rstrip(",") in written for line in lines if line.strip().startswith('{"name"'))
