"""model-index.yml lists every leaf config once, with numbers that its docstring has."""

import ast
import re
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
CONFIGS = ROOT / 'configs'
WRAPPERS = set(CONFIGS.glob('*.py'))  # run another config, on extracted frames for example
METAFILES = yaml.safe_load((ROOT / 'model-index.yml').read_text())['Import']


def models() -> list[dict[str, Any]]:
    """All entries of all metafiles, with the collections of their file."""
    found = []
    for metafile in METAFILES:
        content = yaml.safe_load((ROOT / metafile).read_text())
        names = {collection['Name'] for collection in content['Collections']}
        for model in content['Models']:
            assert model['In Collection'] in names, metafile
            assert Path(model['Config']).is_relative_to(Path(metafile).parent)
            found.append(model)
    return found


MODELS = models()


def test_every_leaf_config_is_listed_once() -> None:
    leaves = {p for p in CONFIGS.rglob('*.py') if '_base_' not in p.parts} - WRAPPERS
    listed = Counter(ROOT / model['Config'] for model in MODELS)
    assert set(listed) == leaves
    assert set(listed.values()) == {1}
    assert set(Counter(model['Name'] for model in MODELS).values()) == {1}
    assert {ROOT / path for path in METAFILES} == set(CONFIGS.rglob('metafile.yml'))


@pytest.mark.parametrize('model', MODELS, ids=lambda model: model['Name'])
def test_results_are_those_of_the_docstring(model: dict[str, Any]) -> None:
    docstring = ast.get_docstring(ast.parse((ROOT / model['Config']).read_text())) or ''
    docstring = ' '.join(docstring.split())
    for result in model.get('Results', ()):
        assert result.keys() == {'Dataset', 'Task', 'Metrics', 'Source'}
        for value in result['Metrics'].values():
            assert re.search(rf'\b{value:g}0?\b', docstring), value
        measured = result['Source'] == 'measured with this code'
        source = re.sub(r"^(the paper's|a re-run in|quoted in) ", '', result['Source'])
        assert ('Measured' in docstring) if measured else (source in docstring)
        assert measured != ('Not measured here' in docstring)
    views = model.get('Metadata', {}).get('Views')
    assert views != '10x3' or '10 clips x 3 crops' in docstring
    if 'Published: top-1' in docstring or 'Published: mAP' in docstring:
        assert 'Results' in model or 'tested by' in docstring
