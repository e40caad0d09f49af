"""Formulas by the KaTeX that lies in _static/katex: Sphinx's own renderer would ask another server for MathJax."""

from html import escape

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.writers.html5 import HTML5Translator

FILES = (("add_css_file", "katex/katex.min.css"), ("add_js_file", "katex/katex.min.js"), ("add_js_file", "formulas.js"))


def setup(app: Sphinx) -> dict[str, bool]:
    app.add_html_math_renderer("katex", (inline, None), (block, None))
    app.config.html_math_renderer = "katex"  # type: ignore[attr-defined]
    app.connect("html-page-context", scripts)
    return {"parallel_read_safe": True, "parallel_write_safe": True}


def inline(translator: HTML5Translator, node: nodes.math) -> None:
    translator.body.append(f'<span class="formula">{escape(node.astext())}</span>')
    raise nodes.SkipNode


def block(translator: HTML5Translator, node: nodes.math_block) -> None:
    translator.body.append(f'<div class="formula">{escape(node.astext())}</div>\n')
    raise nodes.SkipNode


def scripts(app: Sphinx, page: str, template: str, context: dict, doctree: nodes.document | None) -> None:
    """Only where there is a formula"""
    if doctree is not None and any(isinstance(node, nodes.math | nodes.math_block) for node in doctree.findall()):
        for add, name in FILES:
            getattr(app, add)(name)
