"""Read notebooks as pages: markdown cells, code cells, and the text that they printed."""

import json

from docutils import nodes
from myst_parser.sphinx_ import Parser
from sphinx.application import Sphinx


def to_markdown(notebook: str) -> str:
    """The cells of a notebook as markdown.

    Args:
        notebook: JSON of the format 4.
    """
    parts = []
    for cell in json.loads(notebook)['cells']:
        text = ''.join(cell['source'])
        if cell['cell_type'] == 'markdown':
            parts.append(text)
            continue
        parts.append(f'```python\n{text}\n```')
        printed = ''.join(''.join(output.get('text', '')) for output in cell['outputs'])
        if printed:
            parts.append(f'```text\n{printed.rstrip()}\n```')
    return '\n\n'.join(parts)


class NotebookParser(Parser):
    supported = ('notebook',)

    def parse(self, inputstring: str, document: nodes.document) -> None:
        super().parse(to_markdown(inputstring), document)


def setup(app: Sphinx) -> dict:
    app.add_source_parser(NotebookParser)
    return dict(parallel_read_safe=True)
