"""Tables of contents, added to documents that are read on GitHub as well and so cannot hold them themselves"""

from sphinx.application import Sphinx

TABLES = {
    "README.md": """
The course </tutorials/README>
Specification </docs/spec>
Results </docs/results>
API </docs/api/index>
Gradient checks </docs/gradcheck>
Porting </PORTING>
On a small device </docs/edge>
Federated training </docs/federated>
Speed </docs/speed>
On several machines </docs/parallel>
On paper: 64 cores, 1,000 devices </docs/scale>
Command line </docs/commands>
Glossary </docs/glossary>
Contributing </CONTRIBUTING>
Changes </CHANGELOG>
""",
    "tutorials/README.md": """
/tutorials/solved/*
""",
}


def setup(app: Sphinx) -> dict[str, bool]:
    app.connect("source-read", add_table)
    return {"parallel_read_safe": True, "parallel_write_safe": True}


def add_table(app: Sphinx, docname: str, source: list[str]) -> None:
    table = TABLES.get(str(app.env.doc2path(docname, base=False)))
    if table:
        source[0] += f"\n\n```{{toctree}}\n:hidden:\n:glob:\n:maxdepth: 2\n{table}```\n"
