"""How the documentation is built: ``python -m sphinx -W -b html docs docs/_build``."""

from __future__ import annotations

import exchangeclient

project = "exchangeclient"
author = "the exchangeclient authors"
copyright = "2026, the exchangeclient authors"  # noqa: A001 - Sphinx wants this name
release = version = exchangeclient.__version__

extensions = ["sphinx.ext.autodoc", "sphinx.ext.viewcode"]
exclude_patterns = ["_build"]
html_theme = "furo"
html_title = f"exchangeclient {release}"

autodoc_member_order = "bysource"
autodoc_typehints = "signature"
nitpicky = False
