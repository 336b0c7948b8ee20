"""The sentences of each class: labels filled into templates, or descriptions written per class."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import yaml
from mmengine.logging import print_log

from ...utils import read_json, read_text
from ...utils.label_names import LONGEST, split_name, trim
from .prompt_templates import read_templates

# Templates for all classes, or sentences by class name.
Prompts = tuple[str, ...] | dict[str, tuple[str, ...]]

_DESCRIPTION_SUFFIXES = ('.json', '.yaml', '.yml')


def read_prompts(prompts: str | Sequence[str] | Mapping[str, Sequence[str]]) -> Prompts:
    """Reads what the config calls ``templates``.

    Args:
        prompts: Preset name, text file or list of templates (see :func:`read_templates`), or
            descriptions by class: a mapping of class name to sentences, or the path of a JSON or
            YAML file with one. Sentences may hold ``{}`` for the label; classes may have different
            numbers of them.

    Returns:
        Templates, or sentences by class name.

    Raises:
        ValueError: A broken file, a class without sentences, or one that is there twice.
        FileNotFoundError: No such file or preset.
    """
    if isinstance(prompts, str) and prompts.endswith(_DESCRIPTION_SUFFIXES):
        prompts = _read_mapping(Path(prompts))
    if not isinstance(prompts, Mapping):
        return read_templates(prompts)
    if not prompts:
        raise ValueError('The descriptions hold no class: give {class: [sentences]}.')
    sentences: dict[str, tuple[str, ...]] = {}
    for name, lines in prompts.items():
        if split_name(str(name)) in sentences:
            raise _twice(name)
        sentences[split_name(str(name))] = _check(name, lines)
    return sentences


def fill_prompts(labels: Sequence[str], prompts: Prompts) -> list[list[str]]:
    """Sentences of each class, [C][P of that class].

    Raises:
        ValueError: Descriptions lack a class.
    """
    if not isinstance(prompts, dict):
        return [[template.replace('{}', label) for template in prompts] for label in labels]
    by_name = {split_name(name): lines for name, lines in prompts.items()}
    missing = [label for label in labels if split_name(label) not in by_name]
    if missing:
        raise ValueError(
            f'{len(missing)} of {len(labels)} classes have no sentences, the first is '
            f'{missing[0]!r}: add them to the descriptions.'
        )
    unused = by_name.keys() - {split_name(label) for label in labels}
    if unused:
        print_log(
            f'{len(unused)} described classes are not among the labels, such as '
            f'{min(unused)!r}; their sentences are not used.',
            'current',
        )
    return [[line.replace('{}', label) for line in by_name[split_name(label)]] for label in labels]


def _read_mapping(path: Path) -> dict | list:
    if not path.is_file():
        raise FileNotFoundError(
            f"There is no file of descriptions '{path}': set `templates` to a file or a preset."
        )
    if path.suffix == '.json':
        content = read_json(path, pairs=_without_twins)
    else:
        text = read_text(path)
        try:
            content = yaml.load(text, _YAMLWithoutTwins)
        except _TwiceError:
            raise
        except Exception as error:  # the reader raises many kinds, and deep nesting one more
            reason = ' '.join(str(error).split()) or type(error).__name__
            raise ValueError(f"'{path}' is not valid YAML ({reason}): correct it.") from error
    if not isinstance(content, (dict, list)):
        raise ValueError(f"'{path}' must hold {{class: [sentences]}} or a list of templates.")
    return content


def _without_twins(pairs: list[tuple[str, object]]) -> dict[str, object]:
    """A JSON object; the parser by itself keeps the last of equal keys."""
    content: dict[str, object] = {}
    for name, lines in pairs:
        if name in content:
            raise _twice(name)
        content[name] = lines
    return content


class _YAMLWithoutTwins(yaml.SafeLoader):
    """The same for a YAML mapping; merge keys, which can grow without end, are refused."""

    def flatten_mapping(self, node: yaml.MappingNode) -> None:
        for key, _ in node.value:
            if key.tag == 'tag:yaml.org,2002:merge':
                raise yaml.constructor.ConstructorError(
                    problem='merge keys (<<) are not read here', problem_mark=key.start_mark
                )

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict:
        _without_twins([(k.value, v) for k, v in node.value if isinstance(k, yaml.ScalarNode)])
        return super().construct_mapping(node, deep)


class _TwiceError(ValueError):
    pass


def _twice(name: object) -> ValueError:
    return _TwiceError(f'The descriptions hold the class {name!r} twice: join its sentences.')


def _check(name: object, lines: object) -> tuple[str, ...]:
    if isinstance(lines, str):
        lines = [lines]
    sentences = tuple(lines) if isinstance(lines, Sequence) else ()
    if not sentences or not all(isinstance(line, str) and trim(line) for line in sentences):
        raise ValueError(
            f'The class {name!r} has no sentences, or an empty one: give each class a list of '
            'sentences.'
        )
    longest = max(len(line) for line in sentences)
    if longest > LONGEST:
        raise ValueError(
            f'A sentence of the class {name!r} has {longest:,} characters: give several sentences.'
        )
    return tuple(line.strip() for line in sentences)
