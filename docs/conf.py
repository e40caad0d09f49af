"""How Sphinx makes the site: its source folder is the whole project, so that links mean here what they mean on GitHub.

`python docs/build.py` runs it. The pages are the documents as they stand, the solved chapters of the course with the
outputs that they were committed with, and the API from the docstrings.
"""

import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE / "extensions"), str(HERE.parent)]

import minicrt  # noqa: E402

project = "minicrt"
release = version = minicrt.__version__
copyright = "the minicrt authors"
language = "en"
highlight_language = "none"                                  # what names no language is none
smartquotes = False                                          # "crt" is a value

extensions = ["myst_nb", "sphinx.ext.autodoc", "sphinx.ext.viewcode",
              "contents", "repository_links", "katex_math", "api"]
root_doc = "README"
include_patterns = ["README.md", "PORTING.md", "CONTRIBUTING.md", "CHANGELOG.md", "docs/*.md", "docs/api/*.rst",
                    "tutorials/README.md", "tutorials/solved/*.ipynb"]
exclude_patterns = [".*", "build", "dist", "runs"]
source_suffix = {".rst": "restructuredtext", ".md": "myst-nb", ".ipynb": "myst-nb"}
nitpicky = True
nitpick_ignore_regex = [("py:.*", r"(?!minicrt\.).*")]       # other projects' names lead nowhere without a network

myst_enable_extensions = ["dollarmath"]
myst_heading_anchors = 4
nb_execution_mode = "off"                                    # the outputs are those that were committed
nb_merge_streams = True
nb_ipywidgets_js = {}                                        # else scripts of other servers

autodoc_typehints = "none"                                   # the docstrings have the shapes, the source has the types
autodoc_inherit_docstrings = False
autodoc_preserve_defaults = True
autodoc_member_order = "bysource"
add_module_names = False                                     # the page has the package's name
python_maximum_signature_line_length = 80
python_display_short_literal_types = True
toc_object_entries_show_parents = "hide"

html_theme = "pydata_sphinx_theme"
html_title = "minicrt"
html_static_path = ["_static"]
html_css_files = ["site.css"]
html_copy_source = False
html_show_sourcelink = False
html_additional_pages = {"index": "start.html"}              # leads to the root document
templates_path = ["_templates"]
html_sidebars = dict.fromkeys(["README", "PORTING", "CONTRIBUTING", "CHANGELOG", "docs/*", "_modules/**"], [])
html_theme_options = {
    "logo": {"text": "minicrt"},
    "navbar_end": ["theme-switcher"],
    "header_links_before_dropdown": 6,
    "show_toc_level": 2,
    "navigation_with_keys": False,
    "footer_start": ["copyright"],
    "footer_end": [],
    "pygments_light_style": "a11y-high-contrast-light",
    "pygments_dark_style": "a11y-high-contrast-dark",
}
