"""The documents agree with the code, and nothing cites what is not in the repository."""

import ast
import re
from pathlib import Path

import pytest

import minicrt
from minicrt import accounting, ops
from minicrt.gradcheck.derivative import TOLERANCE
from minicrt.models import CRT, CRTConfig, create_model
from minicrt.training import TrainingConfig

ROOT = Path(__file__).parents[1]
FOLDERS = ("minicrt", "tests", "docs", "benchmarks", "tutorials", ".ci")
FILES = [*ROOT.glob("*.md"), *ROOT.glob("*.toml"), ROOT / ".ci" / "run",
         *(path for folder in FOLDERS for ending in ("py", "md", "toml", "ipynb")
           for path in (ROOT / folder).rglob(f"*.{ending}"))]
TEXTS = {path.relative_to(ROOT).as_posix(): path.read_text(encoding="utf-8") for path in FILES}
PAGES = {name: text for name, text in TEXTS.items() if name.endswith(".md")}
SPEC = TEXTS["docs/spec.md"]
HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)


def cited(pattern):
    """(file, what the pattern's group found) for every text"""
    return [(name, found) for name, text in TEXTS.items() for found in re.findall(pattern, text)]


def table(document, header):
    """The rows of the table that starts with `header`, as lists of cells"""
    lines = document[document.index(header):].splitlines()
    rows = lines[2:lines.index("")]                          # an empty line ends it
    return [[cell.strip() for cell in row.strip("|").split("|")] for row in rows]


def test_every_cited_section_of_the_specification_is_there():
    sections = {heading.split(" ")[0].rstrip(".") for heading in HEADING.findall(SPEC)}
    citations = cited(re.escape("docs/spec.md") + r",\s+(?:#\s+)?(\d+(?:\.\d+)*|[A-Z]\w+)")
    assert len(citations) > 20
    assert [(name, section) for name, section in citations if section not in sections] == []


def test_no_file_is_cited_that_is_not_there():
    """Paths from the top, documents by name, and sections of something in capitals that is no file here."""
    paths = cited(r"(?<![\w/.-])((?:" + "|".join(map(re.escape, FOLDERS)) + r")/[\w./-]*\w)")
    assert len(paths) > 50
    assert [(name, path) for name, path in paths if not (ROOT / path).exists()] == []
    documents = cited(r"(?<![\w/.-])([A-Z]+\.md)\b")
    places = (ROOT, ROOT / "docs")
    assert [(name, file) for name, file in documents if not any((place / file).exists() for place in places)] == []
    assert cited(r"\b[A-Z]{3,}(?:'s)? section \d") == []


@pytest.mark.parametrize("name", PAGES)
def test_links_lead_somewhere(name):
    for target in re.findall(r"\]\((?!https?:)([^)\s]+)\)", PAGES[name]):
        file, _, anchor = target.partition("#")
        path = (ROOT / name).parent / file if file else ROOT / name
        assert path.exists(), target
        if anchor:
            assert anchor in anchors(path.read_text(encoding="utf-8")), target


def anchors(text):
    """What GitHub makes of the headings."""
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in HEADING.findall(text)}


def test_every_operation_is_specified():
    section = SPEC[SPEC.index("## 1. Operations"):SPEC.index("## 2. Segment")]
    operations = {name for name in ops.__all__ if name.islower() and not name.endswith("_backward")}
    assert len(operations) > 25
    assert {name for name in operations if f"`{name}`" not in section} == set()


def test_the_parameters_of_the_default_configuration():
    """Names, shapes and decay of the table, for one block `l`."""
    config = CRTConfig(vocabulary=11, width=12, heads=2, inner=20, layers=1)
    sizes, expected, found = {"V": 11, "D": 12, "F": 20, "": 1}, {}, {}
    for spec in CRT(config, ops).specs():
        expected[spec.name.replace("blocks.0.", "blocks.l.")] = (spec.shape, spec.decay)
    for names, shapes, _, decay in table(SPEC, "| name | shape | first values | decay |"):
        names, decays = re.findall("`(.*?)`", names), decay.split(", ")
        shapes = [tuple(int(number or 1) * sizes[letter] for number, letter in re.findall(r"(\d*)([VDF])|(?<=\()1",
                                                                                          shape))
                  for shape in re.findall(r"\(.*?\)", shapes)]
        first = names[0]
        for i, name in enumerate(names):
            full = first.rpartition(".")[0] + name if name.startswith(".") else name
            found[full] = (shapes[min(i, len(shapes) - 1)], decays[min(i, len(decays) - 1)] == "yes")
    assert found == expected


def test_the_readings_are_the_defaults():
    rows = table(SPEC, "| question | default | others | why |")
    defaults = [re.match(r'`(\w+)="?(\w+)"?`', default).groups() for _, default, _, _ in rows]
    assert len(defaults) == 9
    crt, training = CRTConfig(vocabulary=5), TrainingConfig(steps=1)
    for name, value in defaults:
        assert str(getattr(crt, name, getattr(training, name, None))) == value, name


def test_the_costs_are_the_accountant_s():
    kinds = ("transformer", "transformer_xl", "rmt", "crt")
    rows = table(SPEC, "| T | Transformer | Transformer-XL, M = T |")
    assert [row[0] for row in rows] == ["17", "35", "70", "150"]
    for length, *costs in rows:
        T = int(length)
        flops = [accounting.segment_flops(create_model({
            "model": kind, "segment_length": T, "vocabulary": 10_000, "width": 256, "inner": 1024, "layers": 3,
            "heads": 4})) / 1e6 for kind in kinds]
        assert costs == [f"{count:,.0f}" for count in flops] + [f"{flops[0] / T:.2f}", f"{flops[3] / T:.2f}"]


def test_the_tolerance_is_the_checker_s():
    rows = dict(table(SPEC, "| | relative error |"))
    assert float(rows["an operation's gradient, against the complex step"]) == TOLERANCE["complex"]
    assert float(rows["a whole model's, against the complex step"]) == 10 * TOLERANCE["complex"]


def test_the_glossary_is_in_order_and_has_no_term_twice():
    glossary = PAGES["docs/glossary.md"]
    for part in glossary.split("\n## ")[1:]:
        terms = [term.casefold() for term in re.findall(r"^\| \*\*(.+?)\*\* \|", part, re.MULTILINE)]
        assert len(terms) > 15 and terms == sorted(set(terms))
    assert "](glossary.md)" in SPEC


def test_the_files_that_a_package_lists_are_in_it():
    listed = 0
    for path in (ROOT / "minicrt").rglob("__init__.py"):
        docstring = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8")))
        names = re.findall(r"(?<![\w/.])([a-z_]+\.py)\b", docstring)
        listed += len(names)
        assert [name for name in names if not (path.parent / name).exists()] == [], path
    assert listed > 10


def test_the_citation_is_of_this_version():
    citation = (ROOT / "CITATION.cff").read_text(encoding="utf-8")
    assert f"\nversion: {minicrt.__version__}\n" in citation and "\ncff-version: 1.2.0\n" in f"\n{citation}"
