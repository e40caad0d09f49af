"""A folder of golden cases that is missing, of another version, incomplete or damaged is refused in one line"""

import json

import pytest

from minicrt.conformance.golden import files, some_cases
from minicrt.errors import ConformanceError


@pytest.fixture
def folder(tmp_path):
    files.write(tmp_path / "golden", some_cases(["tanh", "modrelu"]))
    return tmp_path / "golden"


def edit(path, change):
    document = json.loads(path.read_text(encoding="utf-8"))
    change(document)
    path.write_text(json.dumps(document), encoding="utf-8")


def refused(folder):
    with pytest.raises(ConformanceError) as caught:
        files.read(folder)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_a_missing_folder_and_one_of_other_things(tmp_path):
    assert "there is no folder" in refused(tmp_path / "golden")
    assert "has no manifest.json" in refused(tmp_path)
    (tmp_path / "manifest.json").write_text("golden", encoding="utf-8")
    assert "manifest.json is not JSON" in refused(tmp_path)


@pytest.mark.parametrize("change, words", [
    (lambda m: m.update(version=2), "has version 2 of the format, this minicrt reads version 1"),
    (lambda m: m.pop("version"), "has version None"),
    (lambda m: m.update(format="other"), "has the format 'other', expected 'minicrt-golden'"),
    (lambda m: m.update(dtype="float16"), "dtype is 'float16'"),
    (lambda m: m.update(cases={}), "is no list of objects"),
    (lambda m: m["cases"].append(3), "is no list of objects"),
    (lambda m: m["cases"].append({"name": "../../etc", "folder": "../../etc"}), "letters, digits, - and _"),
    (lambda m: m["cases"].append(m["cases"][0]), "lists a case twice"),
    (lambda m: m["cases"].append({"name": "relu", "folder": "relu"}), "cannot read"),
    (lambda m: m["cases"][0].update(folder="modrelu"), "is of the case 'modrelu', the manifest says 'tanh'"),
])
def test_a_manifest_that_does_not_fit(folder, change, words):
    edit(folder / "manifest.json", change)
    assert words in refused(folder)


@pytest.mark.parametrize("change, words", [
    (lambda c: c.update(name=["tanh"]), "'name' is ['tanh'], expected a str"),
    (lambda c: c.update(kind="layer"), "kind is 'layer', expected operation or model"),
    (lambda c: c.update(configuration=[]), "'configuration' is []"),
    (lambda c: c.pop("tolerance"), "'tolerance' is None"),
    (lambda c: c["tolerance"].update(float64=-1), "tolerance for float64 is -1, expected a number of 0 or more"),
    (lambda c: c["tolerance"].update(float64="1e-10"), "is '1e-10'"),
    (lambda c: c.update(conventions="none"), "'conventions' is 'none'"),
    (lambda c: c["tensors"][0].update(role="guest"), "x has the role 'guest', expected one of input, parameter"),
    (lambda c: c["tensors"][0].update(scale=True), "x: the scale is True"),
    (lambda c: c["tensors"][0].update(scale=1e308), "x: the scale is 1e+308, with which any numbers would pass"),
    (lambda c: c["tolerance"].update(float64=1e308), "1e+308, with which any numbers would pass; expected 1"),
    (lambda c: c["tensors"][0].update(dtype="complex128"), "x has dtype 'complex128'"),
    (lambda c: c["tensors"][0].update(shape=[4, 5]), "x has 120 bytes, but float64 of shape [4, 5] takes 160"),
    (lambda c: c["tensors"][1].update(name="x"), "the tensor x twice"),
    (lambda c: c["tensors"][-1].update(offset=10**9), "should end at byte"),
    (lambda c: c.pop("tensors"), "no list \"tensors\""),
])
def test_a_case_that_does_not_fit(folder, change, words):
    edit(folder / "tanh" / "case.json", change)
    assert words in refused(folder)


def test_a_file_cut_short_and_one_that_is_gone(folder):
    path = folder / "modrelu" / "tensors.bin"
    path.write_bytes(path.read_bytes()[:-1])
    assert "is cut short" in refused(folder)
    path.unlink()
    assert "cannot read" in refused(folder) and "tensors.bin: No such file" in refused(folder)
