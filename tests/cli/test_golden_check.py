"""`minicrt golden check`: exit codes, what it prints and writes, and one clear line for whatever it cannot read"""

import json
import shutil
import sys

import numpy as np
import pytest
from safetensors.numpy import load_file, save_file

from minicrt.cli import main
from minicrt.conformance.checking.catalogue import catalogue_of
from minicrt.conformance.golden import files, some_cases
from tests.cli.running import refused, run_minicrt, write_text
from tests.conformance.checking.test_page import parsed

CASES = ["linear", "layer_norm", "gru"]


@pytest.fixture(scope="session")
def golden(tmp_path_factory):
    folder = tmp_path_factory.mktemp("golden") / "golden"
    files.write(folder, some_cases(CASES))
    return folder


@pytest.fixture
def theirs(golden, tmp_path):
    """A right port's folder: the golden one without what a port does not write."""
    for name in CASES:
        (tmp_path / "theirs" / name).mkdir(parents=True)
        shutil.copy(golden / name / "tensors.safetensors", tmp_path / "theirs" / name)
    return tmp_path / "theirs"


def change(folder, **changes):
    path = folder / "tensors.safetensors"
    tensors = load_file(path)
    for name, value in changes.items():
        tensors.pop(name, None)
        if value is not None:
            tensors[name] = np.ascontiguousarray(value)
    save_file(tensors, path)


def checked(capsys, golden, theirs, *options, code=0):
    assert main(["golden", "check", str(golden), "--against", str(theirs), *map(str, options)]) == code
    captured = capsys.readouterr()
    assert captured.err == ""
    return captured.out


def test_a_right_port(golden, theirs, capsys):
    out = checked(capsys, golden, theirs)
    assert out.startswith("3 cases right; ")
    assert out.count("\n") == 1


def test_a_wrong_port_is_told_where_and_what(golden, theirs, capsys):
    d_w = load_file(golden / "gru" / "tensors.safetensors")["d_w"]
    change(theirs / "gru", d_w=-d_w)
    out = checked(capsys, golden, theirs, code=1)
    assert "gru: WRONG, 1 tensor wrong" in out
    assert "d_w has its sign reversed." in out
    assert "->  d_w" in out
    assert "layer_norm" not in out
    assert "1 of 3 cases wrong (gru)" in out
    assert "layer_norm: ok" in checked(capsys, golden, theirs, "--verbose", code=1)


def test_a_mistake_that_many_cases_have_is_counted(tmp_path, capsys):
    golden, theirs, names = tmp_path / "golden", tmp_path / "theirs", ["gru", "gru-B1", "gru-square"]
    files.write(golden, some_cases(names))
    for name, case in files.read(golden).items():
        (theirs / name).mkdir(parents=True)
        save_file(dict(catalogue_of(case).trace(("z keeps the new",))), theirs / name / "tensors.safetensors")
    assert checked(capsys, golden, theirs, code=1).endswith("'z keeps the new': in 3 cases\n")


def test_a_name_that_is_not_ours_leads_to_the_option_for_names(golden, theirs, capsys):
    change(theirs / "gru", hidden=np.zeros(3))
    out = checked(capsys, golden, theirs)
    assert "note: hidden is no tensor of ours; a file for --names says which of ours is meant" in out
    assert "--names" not in checked(capsys, golden, theirs, "--case", "linear")


def test_cases_without_a_folder_are_skipped_and_counted(golden, theirs, capsys):
    shutil.rmtree(theirs / "linear")
    assert "2 cases right" in (out := checked(capsys, golden, theirs))
    assert "1 without a folder skipped" in out
    assert "1 case right" in checked(capsys, golden, theirs, "--case", "gru")


def test_json(golden, theirs, capsys):
    change(theirs / "layer_norm", y=np.full((2, 3, 5), np.nan))
    shutil.rmtree(theirs / "linear")
    found = json.loads(checked(capsys, golden, theirs, "--json", code=1))
    assert (found["ok"], found["checked"], found["wrong"], found["skipped"]) == (False, 2, 1, ["linear"])
    assert [case["ok"] for case in found["cases"]] == [False, True]
    assert found["cases"][0]["first_forward"] == "y"


def test_html(golden, theirs, tmp_path, capsys):
    page = tmp_path / "page.html"
    change(theirs / "linear", d_x=np.zeros((2, 3, 4)))
    checked(capsys, golden, theirs, "--html", page, code=1)
    html = page.read_text(encoding="utf-8")
    parsed(html)
    assert "1 of 3 cases wrong" in html
    assert "d_x" in html


def test_names(golden, theirs, tmp_path, capsys):
    tensors = load_file(golden / "gru" / "tensors.safetensors")
    change(theirs / "gru", h=None, output=tensors["h"], d_x=None, **{"x.grad": tensors["d_x"]})
    names = tmp_path / "names.toml"
    names.write_text('[names]\nd_x = "x.grad"\n[cases."gru"]\nh = "output"\n', encoding="utf-8")
    out = checked(capsys, golden, theirs, "--names", names)
    assert "note:" not in out
    out = checked(capsys, golden, theirs)
    assert "output is no tensor of this case" in out


def test_arrays_in_npy_files_in_float32(golden, tmp_path, capsys):
    theirs = tmp_path / "npy" / "gru"
    theirs.mkdir(parents=True)
    for name, value in load_file(golden / "gru" / "tensors.safetensors").items():
        np.save(theirs / f"{name}.npy", value.astype(np.float32))
    assert "1 case right" in checked(capsys, golden, theirs.parent)


def test_a_wrong_shape_is_a_finding(golden, theirs, capsys):
    change(theirs / "gru", d_u=np.zeros((3, 2)))
    out = checked(capsys, golden, theirs, code=1)
    assert "its shape is (3, 2), expected (4, 12)" in out


@pytest.mark.parametrize("name, content, words", [
    ("tensors.safetensors", b"", "tensors.safetensors"),
    ("tensors.safetensors", b"\xff" * 99, "tensors.safetensors"),
    ("tensors.bin", b"1234", "case.json"),
    ("h.npy", b"\x93NUMPY\x01\x00", "h.npy"),
    ("h.npy", b"not an array", "h.npy"),
    ("notes.txt", b"x", "it holds notes.txt"),
])
def test_files_that_cannot_be_read(name, content, words, golden, theirs, capsys):
    (theirs / "gru" / "tensors.safetensors").unlink()
    (theirs / "gru" / name).write_bytes(content)
    assert words in refused(capsys, "golden", "check", golden, "--against", theirs)


def test_a_truncated_file(golden, theirs, capsys):
    path = theirs / "gru" / "tensors.safetensors"
    path.write_bytes(path.read_bytes()[:-9])
    assert "tensors.safetensors" in refused(capsys, "golden", "check", golden, "--against", theirs)


def test_what_a_names_file_leaves_out_or_spells_wrongly(golden, tmp_path, capsys):
    theirs, names, case = tmp_path / "mine" / "linear", tmp_path / "names.toml", files.read(golden)["linear"]
    theirs.mkdir(parents=True)
    for name, ours in {"x.grad": "d_x", "b.grad": "d_bias"}.items():
        np.save(theirs / f"{name}.npy", case[ours].value)
    names.write_text('[names]\nd_x = "x.grad"\n', encoding="utf-8")
    out = checked(capsys, golden, theirs.parent, "--names", names)
    assert f"note: b.grad is no tensor of ours, and {names} has no line for it" in out
    names.write_text('[names]\nd_x = "x.grad"\nd_bias = "bb.grad"\n', encoding="utf-8")
    out = checked(capsys, golden, theirs.parent, "--names", names)
    assert f"note: {names} maps d_bias to bb.grad, which no case has; did you mean b.grad?" in out


def test_folders_and_names_that_lead_nowhere(golden, theirs, tmp_path, capsys):
    def refusal(*arguments):
        return refused(capsys, "golden", "check", *arguments)

    empty = tmp_path / "empty"
    empty.mkdir()
    assert "has no manifest.json" in refusal(empty, "--against", theirs)
    assert "there is no folder" in refusal(tmp_path / "none", "--against", theirs)
    assert "expected a folder" in refusal(golden, "--against", tmp_path / "none")
    assert "has a folder for none of the 3 cases" in refusal(golden, "--against", empty)
    assert "did you mean gru?" in refusal(golden, "--against", theirs, "--case", "grü")
    assert "has no folder gru" in refusal(golden, "--against", empty, "--case", "gru")
    assert "is no folder" in refusal(golden, "--against", theirs, "--html", tmp_path / "none" / "page.html")
    manifest = golden / "manifest.json"
    before = manifest.read_bytes()
    assert "manifest.json is there already" in refusal(golden, "--against", theirs, "--html", manifest)
    assert manifest.read_bytes() == before
    assert "--against" in refusal(golden)


@pytest.mark.parametrize("text, words", [
    ("[names\n", "is not TOML"), ("[nmaes]\n", "nmaes"), ("[names]\nd_x = 1\n", "d_x"),
    ('[cases."gur"]\nh = "output"\n', "did you mean gru?"), ('[names]\ndx = "grad"\n', "did you mean d_x?"),
    ('[cases."gru"]\nh = "hh"\n', "did you mean h?")])
def test_names_files_that_say_nothing_useful(text, words, golden, theirs, tmp_path, capsys):
    names = tmp_path / "names.toml"
    names.write_text(text, encoding="utf-8")
    assert words in refused(capsys, "golden", "check", golden, "--against", theirs, "--names", names)


def test_nothing_in_common_is_no_success(golden, theirs, capsys):
    for name in ("linear", "layer_norm"):
        shutil.rmtree(theirs / name)
    save_file({"unheard_of": np.ones(3)}, theirs / "gru" / "tensors.safetensors")
    out = checked(capsys, golden, theirs, code=1)
    assert "nothing could be compared" in out
    assert "None of the tensors handed in (unheard_of)" in out


def test_the_program_itself(golden, theirs, tmp_path):
    write_text(tmp_path / "text.txt")
    done = run_minicrt("golden", "check", golden, "--against", theirs, cwd=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("3 cases right")


@pytest.mark.parametrize("place", ["theirs", "golden"])
def test_a_name_that_is_half_of_a_character(golden, theirs, capsys, tmp_path, place):
    """JSON can spell a lone surrogate, which no UTF-8 can hold: neither a page nor a terminal could show it."""
    ours = shutil.copytree(golden, tmp_path / "golden")
    (theirs / "linear/tensors.safetensors").unlink()
    for file in ("case.json", "tensors.bin"):
        shutil.copy(golden / "linear" / file, theirs / "linear")
    case = (ours if place == "golden" else theirs) / "linear/case.json"
    case.write_text(case.read_text(encoding="utf-8").replace('"name": "d_bias"', '"name": "\\ud800"'), encoding="utf-8")
    assert f"{case} holds '\\ud800', half of a pair of surrogates" in refused(
        capsys, "golden", "check", ours, "--against", theirs, "--html", tmp_path / "report.html")


@pytest.mark.skipif(sys.platform != "linux", reason="names of files are bytes on Linux alone")
def test_names_of_files_that_are_not_utf8(golden, theirs, capsys, tmp_path):
    there = theirs.rename(tmp_path / "caf\udce9")
    np.save(there / "linear/\udcff.npy", np.zeros(2))
    assert main(["golden", "check", str(golden), "--against", str(there), "--html", str(tmp_path / "report.html")]) == 0
    assert "caf\\udce9" in (tmp_path / "report.html").read_text(encoding="utf-8")
