"""The site: it is built without a warning, loads nothing from elsewhere, leads nowhere wrong, and has the whole API."""

import importlib
import inspect
import json
import re
import shutil
import subprocess
import sys
import tomllib
import zlib
from pathlib import Path

import pytest

import minicrt
from minicrt import inference, models, ops
from tests.site_pages import faults

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"
pytestmark = pytest.mark.skipif(not (DOCS / "conf.py").exists(), reason="the documents are not beside the tests")
PACKAGES = [f"minicrt.{name}" for name in dir(minicrt) if inspect.ismodule(getattr(minicrt, name))]
WITHOUT_PAGE = {"minicrt.kernels",                           # the names of minicrt.ops
                "minicrt.parallel"}                          # has no public names of its own
sys.path.insert(0, str(DOCS / "extensions"))

from docstrings import to_rst  # noqa: E402


def rst(text, **names):
    return "\n".join(to_rst(text, names.get)).strip()


def test_the_site_is_whole(tmp_path):
    """One test, since the site is built once for all of it"""
    for package in ("sphinx", "myst_nb", "pydata_sphinx_theme"):
        pytest.importorskip(package)
    site = tmp_path / "site"
    built = subprocess.run([sys.executable, DOCS / "build.py", site], capture_output=True, text=True, encoding="utf-8")
    assert built.returncode == 0, built.stderr
    assert faults(site) == []

    described = objects(site / "objects.inv")
    assert public_names() - described == set()
    for notebook in (ROOT / "tutorials" / "solved").glob("*.ipynb"):
        assert (site / "tutorials" / "solved" / f"{notebook.stem}.html").exists()

    operations = (site / "docs" / "api" / "ops.html").read_text(encoding="utf-8")
    of_gru = operations[operations.index('id="minicrt.ops.gru_backward"'):].partition("</dd>")[0]
    assert re.search(r"In the course: .*04_gru_through_time\.html", of_gru, re.DOTALL)
    assert "spec.html#gru" in operations
    if shutil.which("node"):
        assert refused_formulas(site) == []


def objects(inventory):
    """The names that an objects.inv says are described"""
    packed = inventory.read_bytes().split(b"\n", 4)[4]
    return {line.split(" ")[0] for line in zlib.decompress(packed).decode("utf-8").splitlines() if " py:" in line}


def public_names():
    return {f"{package}.{name}" for package in PACKAGES if package not in WITHOUT_PAGE
            for name in getattr(importlib.import_module(package), "__all__", [])}


def refused_formulas(site):
    """Those that KaTeX does not understand"""
    pages = "".join(path.read_text(encoding="utf-8") for path in site.rglob("*.html"))
    formulas = re.findall(r'<(?:div|span) class="formula">(.*?)</', pages, re.DOTALL)
    assert len(formulas) > 300
    program = f"""
        const katex = require({json.dumps(str(DOCS / "_static" / "katex" / "katex.min.js"))});
        const entities = {{"&amp;": "&", "&lt;": "<", "&gt;": ">", "&#x27;": "'", "&quot;": '"'}};
        const refused = [];
        for (const formula of JSON.parse(require("fs").readFileSync(0, "utf-8"))) {{
          try {{ katex.renderToString(formula.replace(/&[a-z#0-9]+;/g, found => entities[found])); }}
          catch (error) {{ refused.push(error.message); }}
        }}
        console.log(JSON.stringify(refused));"""
    run = subprocess.run(["node", "-e", program], input=json.dumps(formulas), capture_output=True, text=True,
                         encoding="utf-8", check=True)
    return json.loads(run.stdout)


def test_every_package_has_a_page():
    pages = {match for path in (DOCS / "api").glob("*.rst")
             for match in re.findall(r"^\.\. api:: ([\w.]+)$", path.read_text(encoding="utf-8"), re.MULTILINE)}
    assert pages == {"minicrt", *PACKAGES} - WITHOUT_PAGE
    assert "minicrt.ops" in pages and not getattr(importlib.import_module("minicrt.parallel"), "__all__", [])


@pytest.mark.parametrize(("page", "fault"), [
    ('<script src="https://cdn.example.org/x.js"></script>', "loads https://cdn.example.org/x.js"),
    ('<link rel="stylesheet" href="//example.org/x.css">', "loads //example.org/x.css"),
    ('<link rel="preload" as="font" href="https://example.org/x.woff2">', "loads https://example.org/x.woff2"),
    ('<img src="HTTPS://example.org/x.png">', "loads HTTPS://example.org/x.png"),
    ('<p style="background: url(http://example.org/x.png)">', "loads http://example.org/x.png"),
    ('<style>@import "https://example.org/x.css";</style>', "loads https://example.org/x.css"),
    ('<a href="missing.html">', "leads to missing.html, which is not there"),
    ('<a href="#missing">', "leads to #missing: no such place in that page"),
    ('<img src="missing.png">', "leads to missing.png, which is not there"),
])
def test_what_is_wrong_in_a_page_is_found(tmp_path, page, fault):
    (tmp_path / "page.html").write_text(page, encoding="utf-8")
    assert faults(tmp_path) == [f"page.html: {fault}"]


def test_what_is_wrong_in_a_style_sheet_or_script_is_found(tmp_path):
    (tmp_path / "a.css").write_text('b {src: url("https://example.org/x.woff2"), url(gone.woff2)}', encoding="utf-8")
    (tmp_path / "a.js").write_text('load("https://cdn.jsdelivr.net/npm/x")', encoding="utf-8")
    assert faults(tmp_path) == ["a.css: loads https://example.org/x.woff2",
                                "a.css: leads to gone.woff2, which is not there", "a.js: names cdn.jsdelivr.net"]


def test_links_to_other_pages_and_places_are_no_faults(tmp_path):
    (tmp_path / "a.html").write_text('<p id="x"><a href="#x"></a><a href="b.html?v=1#y"></a>'
                                     '<a href="https://example.org"></a></p>', encoding="utf-8")
    (tmp_path / "b.html").write_text('<p id="y"></p>', encoding="utf-8")
    assert faults(tmp_path) == []


def test_a_folder_with_something_else_is_left_alone(tmp_path):
    kept = tmp_path / "mine.txt"
    kept.write_text("mine", encoding="utf-8")
    refused = subprocess.run([sys.executable, DOCS / "build.py", tmp_path], capture_output=True, text=True,
                             encoding="utf-8")
    assert refused.returncode == 2 and "holds something else than a site" in refused.stderr
    assert kept.read_text(encoding="utf-8") == "mine"


def test_equations_of_docstrings_keep_their_lines():
    text = rst(inspect.getdoc(ops.gru))
    assert ".. code-block:: text\n\n    r = σ(x W_r + h U_r + b_r)," in text
    assert "\n    reset_after=True:    n = tanh(" in text and ":spec:`1.9`" in text
    assert rst(inspect.getdoc(ops.sigmoid_backward)) == ".. rst-class:: equation\n\n| G\\_x = G\\_y ⊙ y (1 − y)"
    assert "\nSources: Cho et al." in text and "\nRaises InputError" in text


def test_examples_and_arguments_of_docstrings():
    text = rst(inspect.getdoc(inference.Stream), InputError="minicrt.errors.InputError")
    assert ".. code-block:: python\n\n    stream = Stream(run.model, run.parameters)" in text
    assert [line for line in to_rst(inspect.getdoc(inference.Stream), {}.get) if "\n" in line] == []
    assert "Arguments\n\n``model, parameters``\n    the model, and weights of it, which all" in text
    assert r"\ :py:obj:`InputError <minicrt.errors.InputError>`\ " in text
    columns = rst(inspect.getdoc(models.CRTConfig))
    assert "``width``\n    D, of every token's vector and of the memory\n``segment_length``\n" in columns


@pytest.mark.parametrize(("text", "expected"), [
    ("The specification: every operation.", "The specification: every operation."),
    ("|v| is v_1 * 2.", r"\|v\| is v\_1 \* 2."),
    ("- one\n  more\n- two", "- one more\n- two"),
    ("See:\n  a  first\n  b  second\nand the rest.",
     "See:\n\n``a``\n    first\n``b``\n    second\n\nand the rest."),
])
def test_prose_of_docstrings(text, expected):
    assert rst(text) == expected


def test_numba_is_left_out_where_there_is_no_compiler():
    """In a browser (Emscripten) minicrt is installed without it, and runs on the NumPy engine."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    numba = [requirement for requirement in project["dependencies"] if requirement.startswith("numba")]
    assert len(numba) == 1 and numba[0].endswith("; sys_platform != 'emscripten'")
