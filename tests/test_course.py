"""The notebooks of the course: made from their sources, run, and nothing in them that belongs to one machine"""

import json
import re
import sys
from pathlib import Path

import pytest

from minicrt import teach

FOLDER = Path(__file__).parents[1] / "tutorials"
sys.path.insert(0, str(FOLDER))

import build  # noqa: E402

SOURCES = sorted(build.SOURCES.glob("*.py"))
pytestmark = pytest.mark.skipif(not SOURCES, reason="the course is not beside the tests")
chapters = pytest.mark.parametrize("source", SOURCES, ids=lambda path: path.stem)
both = pytest.mark.parametrize("path", [folder / f"{source.stem}.ipynb" for source in SOURCES
                                        for folder in (build.FOLDER, build.SOLVED)],
                               ids=lambda path: f"{path.parent.name}-{path.stem}")


def cells(path):
    return json.loads(path.read_text(encoding="utf-8"))["cells"]


def bare(made):
    return [{**cell, "outputs": [], "execution_count": None} if cell["cell_type"] == "code" else cell for cell in made]


@chapters
def test_notebooks_are_those_of_their_source(source):
    """Else: python tutorials/build.py"""
    read = build.read(source)
    assert bare(cells(FOLDER / f"{source.stem}.ipynb")) == build.notebook(read, source)["cells"]
    assert bare(cells(build.SOLVED / f"{source.stem}.ipynb")) == build.notebook(read, source, solved=True)["cells"]


@chapters
def test_what_is_to_be_found_is_not_shown(source):
    student, solved = cells(FOLDER / f"{source.stem}.ipynb"), cells(build.SOLVED / f"{source.stem}.ipynb")
    for cell, mine, theirs in zip(build.read(source), student, solved, strict=True):
        if cell.kind == "code":
            assert mine["outputs"] == theirs["outputs"] and theirs["execution_count"]
        elif cell.kind != "markdown":
            assert mine["outputs"] == [] and "Right" in json.dumps(theirs["outputs"])
            assert "..." in cell.text


@chapters
def test_a_stub_is_short_and_is_not_attempted(source):
    read, names = build.read(source), {}
    exec(next(cell.text for cell in read if cell.kind == "code"), names)             # imports
    for cell in read:
        if cell.kind == "exercise":
            stub = cell.text[:cell.text.index("teach.grade(")].rstrip()
            assert 3 <= len(stub.splitlines()) <= 12, stub
            exec(stub, names)
            assert teach.grade(cell.value, names[cell.value]).verdict == "not attempted"


@both
def test_outputs_are_clean(path):
    for cell in cells(path):
        for output in cell.get("outputs", []):
            assert output["output_type"] != "error" and output.get("name") != "stderr"
            shown = json.dumps({key: value for key, value in output.get("data", output).items() if key != "image/png"})
            assert not re.search(r"/(home|root|tmp|usr|Users|work)/|[A-Z]:\\\\|Warning|\bat 0x|Traceback", shown)


@both
def test_links_lead_somewhere(path):
    for cell in cells(path):
        if cell["cell_type"] == "markdown":
            for link in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", "".join(cell["source"])):
                target = (path.parent / link).resolve()
                assert target.exists() and target.is_relative_to(FOLDER), f"{link}: Jupyter sees {FOLDER.name}/ alone"


def test_a_picture_of_the_documents_is_the_same_here():
    for picture in (FOLDER / "pictures").iterdir():
        assert picture.read_bytes() == (FOLDER.parent / "docs" / picture.name).read_bytes()


def test_the_readme_of_the_course_names_every_chapter_and_no_other():
    named = re.findall(r"\]\((?!http)([^)#]+)\)", (FOLDER / "README.md").read_text(encoding="utf-8"))
    assert [link for link in named if not (FOLDER / link).exists()] == []
    assert sorted(link for link in named if link.endswith(".ipynb")) == [f"{path.stem}.ipynb" for path in SOURCES]


@both
def test_code_is_not_cut_off(path):
    lines = [line for cell in cells(path) if cell["cell_type"] == "code" for line in cell["source"]]
    assert [line for line in lines if len(line.rstrip("\n")) > build.WIDEST] == []


@pytest.mark.parametrize("text, problem", [
    ("x = 1", "source.py:1: a line before the first # %%"),
    ("# %% [raw]", "source.py:1: '# %% [raw]'; expected # %%"),
    ('# %% [markdown] exercise="a"', "expected # %%"),
    ("# %% [markdown]\n# text\nx = 1", "source.py:3: 'x = 1' in text, expected"),
    ("# %%\n" + "x" * 89, "source.py:1: code of more than 88 columns"),
    ('# %% exercise="softmax"\ndef softmax(y): ...\nsoftmax(1)', 'expected teach.grade("softmax", …)'),
    ('# %% answer="1"\nteach.answer("a", 2)', "an answer has `...` once"),
])
def test_a_source_that_is_none_is_refused(text, problem, tmp_path):
    source = tmp_path / "source.py"
    source.write_text(text, encoding="utf-8")
    with pytest.raises(build.SourceError) as caught:
        build.read(source)
    assert problem in str(caught.value)


def test_a_chapter_becomes_two_notebooks(tmp_path):
    source = tmp_path / "07_example.py"
    source.write_text('# %% [markdown]\n# # Title\n#\n# ![seen](pictures/a.svg)\n\n# %%\nx = 1\n\n'
                      '# %% answer="0.5, -2"\nteach.answer("07.a", ...)    # two numbers\n\n'
                      '# %% exercise="softmax"\ndef softmax(y):\n    ...\n\n\nteach.grade("softmax", softmax)\n',
                      encoding="utf-8")
    read = build.read(source)
    student = ["".join(cell["source"]) for cell in build.notebook(read, source)["cells"]]
    solved = ["".join(cell["source"]) for cell in build.notebook(read, source, solved=True)["cells"]]
    assert student == ["# Title\n\n![seen](pictures/a.svg)", "x = 1", 'teach.answer("07.a", ...)    # two numbers',
                       'def softmax(y):\n    ...\n\n\nteach.grade("softmax", softmax)']
    assert solved[0].startswith("# Title\n\n![seen](../pictures/a.svg)\n\n*This is the chapter with its exercises")
    assert solved[1:3] == ["x = 1", 'teach.answer("07.a", 0.5, -2)    # two numbers']
    assert solved[3] == teach.source("softmax").strip() + '\n\n\nteach.grade("softmax", softmax)'


def test_outputs_stay_while_the_code_does(tmp_path):
    source, path = tmp_path / "07_example.py", tmp_path / "07_example.ipynb"
    source.write_text("# %% [markdown]\n# text\n\n# %%\nx = 1\nx\n", encoding="utf-8")
    made = build.notebook(build.read(source), source)
    assert not build.keep_outputs(made, path)
    made["cells"][1] |= {"outputs": ["an output"], "execution_count": 1}
    path.write_text(json.dumps(made), encoding="utf-8")
    source.write_text("# %% [markdown]\n# other text\n\n# %%\nx = 1\nx\n", encoding="utf-8")
    again = build.notebook(build.read(source), source)
    assert build.keep_outputs(again, path) and again["cells"][1]["outputs"] == ["an output"]
    source.write_text("# %% [markdown]\n# other text\n\n# %%\nx = 2\nx\n", encoding="utf-8")
    assert not build.keep_outputs(build.notebook(build.read(source), source), path)
