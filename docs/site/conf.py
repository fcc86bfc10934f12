"""Sphinx makes the documentation of a release from the pages of docs/: see scripts/site/build-site.ts."""

import os

project = "flagd on Bun"
author = "The authors of flagd on Bun"
copyright = author
release = version = os.environ["FLAGD_VERSION"]
html_title = f"flagd on Bun {release}"

extensions = ["myst_parser", "sphinx_copybutton", "sphinx_design"]
myst_enable_extensions = ["colon_fence", "html_image"]
# The anchors that GitHub gives to headings.
myst_heading_anchors = 4
# Words such as `caddyfile` have no highlighter; JSON in pages may be shortened.
suppress_warnings = ["misc.highlighting_failure", "myst.header"]

html_theme = "furo"
html_static_path = ["static"]
html_css_files = ["site.css"]
# A link to a page's text, for those who let a machine read it.
# Summaries are fetched, which browsers do not do for files.
html_show_search_summary = False
html_copy_source = True
html_show_sourcelink = False
html_show_sphinx = False
html_last_updated_fmt = ""
html_permalinks_icon = "#"
html_theme_options = {
    "light_css_variables": {"color-brand-primary": "#5d3fd3", "color-brand-content": "#5d3fd3"},
    "dark_css_variables": {"color-brand-primary": "#b3a1ff", "color-brand-content": "#b3a1ff"},
    "navigation_with_keys": True,
}
# `$ ` is no part of a command.
copybutton_prompt_text = "$ "
