"""The site of these documents: `make docs` builds it into build/site, without a network.

Pages are CommonMark, as git hosts show them. What is made from the code (API, commands, settings) is made by
extensions/ while the site is built, so it cannot be out of date.
"""

import sys
from pathlib import Path

import brittle

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE / "extensions"))

project = "brittle"
author = "The brittle authors"
version = release = brittle.__version__
extensions = ["myst_parser", "sphinx.ext.autodoc", "house_docstrings", "made_pages"]
exclude_patterns = ["extensions"]

myst_heading_anchors = 4  # the anchors of git hosts
myst_enable_extensions = ["deflist"]
highlight_language = "none"  # indented blocks are commands, not Python

default_role = "literal"  # docstrings put code between single backticks
autodoc_member_order = "bysource"
autodoc_typehints_format = "short"
python_maximum_signature_line_length = 80

html_theme = "furo"
html_title = f"brittle {version}"
html_copy_source = False
html_show_sphinx = False
