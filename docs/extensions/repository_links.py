"""Links of the documents to what is no page: student's notebooks, folders, files of code.

A file becomes a download. A folder has no page, so its name stands there as it is. In the course's table of chapters,
a notebook to work in leads to the chapter as it is read; from the chapter itself it is a download.
"""

from pathlib import Path

from sphinx import addnodes
from sphinx.application import Sphinx
from sphinx.transforms import SphinxTransform


class RepositoryLinks(SphinxTransform):
    default_priority = 100                                   # before downloads are collected

    def apply(self) -> None:
        for node in list(self.document.findall(addnodes.pending_xref)):
            if node.get("reftype") == "myst":
                self.lead_somewhere(node)

    def lead_somewhere(self, node: addnodes.pending_xref) -> None:
        is_document = node.get("refdomain") == "doc"         # by its ending: notebooks to work in are none here
        target = node["reftarget"]
        if is_document and target not in self.env.found_docs:
            file = Path(f"{target}.ipynb")
            solved = f"{file.parent}/solved/{file.stem}"
            if self.env.docname.endswith("/README") and solved in self.env.found_docs:
                node["reftarget"] = solved
            else:
                node.replace_self(addnodes.download_reference("", "", *node.children, reftarget=f"/{file}",
                                                              refdoc=self.env.docname))
        elif not is_document and Path(self.env.relfn2path(target.partition("#")[0])[1]).is_dir():
            node.replace_self(node.children)


def setup(app: Sphinx) -> dict[str, bool]:
    app.add_transform(RepositoryLinks)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
