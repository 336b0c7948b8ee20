"""Sphinx configuration of the documentation: `make docs` builds it into docs/_build/html."""

import os
import sys
from pathlib import Path

DOCS = Path(__file__).resolve().parent
sys.path[:0] = [str(DOCS / '_ext'), str(DOCS.parent)]
os.environ.setdefault('COLUMNS', '100')  # width of the help texts of the commands

from actionclip_mm import __version__  # noqa: E402

project = 'actionclip_mm'
author = 'The actionclip_mm authors'
copyright = f'2026, {author}'
release = version = __version__

extensions = ['myst_parser', 'sphinx.ext.autodoc', 'sphinx.ext.napoleon', 'generated', 'notebook']
source_suffix = {'.md': 'markdown', '.ipynb': 'notebook'}
exclude_patterns = ['_build']
myst_heading_anchors = 3  # `page.md#heading`, as on GitHub
myst_links_external_new_tab = True

autodoc_typehints = 'signature'
autodoc_member_order = 'bysource'
napoleon_use_ivar = True  # attributes have their own entries where members are listed
napoleon_use_rtype = False

add_module_names = False
python_maximum_signature_line_length = 80

html_theme = 'pydata_sphinx_theme'
html_sidebars = {page: [] for page in ('start', 'models', 'concepts', 'faq')}  # no pages below
html_title = 'ActionCLIP on mmaction2'
html_static_path: list[str] = []
html_show_sourcelink = False
html_theme_options = dict(
    navigation_with_keys=False,
    header_links_before_dropdown=8,
    show_nav_level=1,
    show_toc_level=2,
    show_prev_next=True,
    footer_start=['copyright'],
    footer_end=[],
    secondary_sidebar_items=['page-toc'],
)
