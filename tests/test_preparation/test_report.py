"""The report on a data set in Markdown and JSON."""

import json

from actionclip_mm.preparation.report import SHOWN, ListNumbers, Report


def build(**fields) -> Report:
    numbers = ListNumbers(
        'val.txt', [100], listed=90, missing=60, unusable=1, written=90, sha256=''
    )
    names = [f'{index}.avi' for index in range(60)]
    return Report('toy', 'Toy', lists=[numbers], missing={'videos': names}, **fields)


def test_markdown_has_the_first_names() -> None:
    text = build(complete=False, unusable={'videos': {'a.avi': 'empty file'}}).markdown()
    assert text.startswith('# Toy: **INCOMPLETE**\n')
    assert '| val.txt | 100 | 90 ≠ | 60 | 1 | 90 |' in text
    assert '## Missing: 60\n\n- videos/0.avi\n' in text
    assert text.count('- videos/') == SHOWN + 1
    assert '- … 10 more: in the .json file next to this one\n' in text
    assert '## Unusable: 1\n\n- videos/a.avi: empty file\n' in text


def test_json_has_all_names() -> None:
    assert len(json.loads(build().json())['missing']['videos']) == 60


def test_a_copy_that_may_lack_videos_is_not_complete() -> None:
    text = build(fixed_sizes=False, present_only=True).markdown()
    assert text.startswith('# Toy: all that this copy has\n')
    assert '≠' not in text and '**test lists included**' in text
    assert Report('toy', 'Toy').markdown().startswith('# Toy: complete\n')
