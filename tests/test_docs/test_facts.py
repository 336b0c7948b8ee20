"""Facts that pages repeat are those of the code: weights, towers, versions, the figure."""

import importlib.util
from pathlib import Path

import pytest
from PIL import Image

from actionclip_mm import __version__
from actionclip_mm.cli.models import USUAL
from actionclip_mm.clip.published import PUBLISHED, PublishedActionCLIP, published_clips

DOCS = Path(__file__).resolve().parents[2] / 'docs'
MODELS = (DOCS / 'models.md').read_text(encoding='utf-8')


@pytest.mark.parametrize('model', PUBLISHED, ids=lambda model: model.name)
def test_published_weights(model: PublishedActionCLIP) -> None:
    cells = (f'`{model.name}`', model.arch, model.frames, model.top1, model.source)
    row = ' | '.join(map(str, cells))
    assert f'| {row} | [download]({model.address}) |' in MODELS
    assert MODELS.count('[download](') == len(PUBLISHED)


def test_usual_towers() -> None:
    for clip in published_clips():
        if clip.arch in USUAL and clip.tag == 'openai':
            row = next(line for line in MODELS.splitlines() if line.startswith(f'| `{clip.arch}`'))
            assert f'| {clip.licence} |' in row
            assert clip.parameters is None or f'| {clip.parameters / 1e6:.0f} M |' in row


def test_the_version_to_cite() -> None:
    assert f'version = {{{__version__}}}' in (DOCS / 'citation.md').read_text()


def test_the_figure_is_the_one_that_its_script_draws(tmp_path: Path) -> None:
    spec = importlib.util.spec_from_file_location('concepts', DOCS / '_figures' / 'concepts.py')
    assert spec is not None and spec.loader is not None
    script = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(script)
    script.draw().savefig(tmp_path / 'concepts.png', dpi=130)
    drawn = Image.open(tmp_path / 'concepts.png')
    assert drawn.size == Image.open(DOCS / 'concepts.png').size
