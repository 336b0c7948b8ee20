"""Writes the annotation lists of Something-Something V2 from its own files.

    python tools/data/ssv2/prepare.py --videos 20bn-something-something-v2 --annotations labels

Videos: 20bn-something-something-v2/<id>.webm. Annotations: labels.json, train.json,
validation.json and test.json, or the same with `something-something-v2-` in front.
"""

import argparse
import re
import sys
from pathlib import Path
from typing import Any

sys.path += map(str, Path(__file__).resolve().parents[2:4])  # of what is not installed

from _entry import run_tool

# isort: split
from actionclip_mm.preparation import (
    ListedVideo,
    Plan,
    Preparation,
    VideoList,
    find_file,
    run,
)
from actionclip_mm.utils import read_json

SOURCE = 'the label archive of Something-Something V2'
PARTS = (('train', 'train'), ('validation', 'val'), ('test', 'test'))


class SSv2(Preparation):
    """Something-Something V2 (Goyal et al., ICCV 2017); its test set has no labels."""

    name = 'ssv2'
    title = 'Something-Something V2'
    classes = 174
    sizes = {
        'ssv2_train_list': (168913,),
        'ssv2_val_list': (24777,),
        'ssv2_test_list': (27157,),
    }
    annotations_help = 'folder of labels.json, train.json, validation.json, test.json'

    def key(self, path: str) -> str:
        """The id: videos of any extension, in any folder below the given one."""
        return path.rpartition('/')[2]

    def read(self, args: argparse.Namespace) -> Plan:
        """Reads the label file and three lists; the list without labels is left out if absent."""
        plan = Plan(labels=[], lists=[])
        ids = self._read_labels(self._file(args.annotations, 'labels'), plan)
        for part, ours in PARTS:
            try:
                path = self._file(args.annotations, part)
            except FileNotFoundError as error:
                if part != 'test':
                    raise
                plan.notes.append(f'No list of test videos is written. {error}')
                continue
            videos = self._read_list(path, None if part == 'test' else ids, plan)
            file = f'ssv2_{ours}_list_{{kind}}.txt'
            plan.lists.append(VideoList(file, videos, test=part != 'train'))
        return plan

    def _file(self, folder: Path, part: str) -> Path:
        names = (f'something-something-v2-{part}.json', f'{part}.json')
        return find_file(folder, *names, source=SOURCE)

    def _read_labels(self, path: Path, plan: Plan) -> dict[str, int]:
        """Template -> id; the file has `{template: "id"}`."""
        content = read_json(path, 'download it again')
        good = isinstance(content, dict) and all(
            isinstance(label, (str, int)) and str(label).isdecimal() for label in content.values()
        )
        if not good or sorted(map(int, content.values())) != list(range(len(content))):
            raise ValueError(
                f"'{path}' must hold one JSON object of template -> id with the ids 0, 1, 2, … "
                'once each: download it again.'
            )
        ids = {_clean(template): int(label) for template, label in content.items()}
        plan.labels = sorted(ids, key=ids.__getitem__)
        return ids

    def _read_list(self, path: Path, ids: dict[str, int] | None, plan: Plan) -> list[ListedVideo]:
        content = read_json(path, 'download it again')
        if not isinstance(content, list):
            raise ValueError(f"'{path}' must hold a JSON list of videos: download it again.")
        videos: dict[str, ListedVideo] = {}
        for index, row in enumerate(content):
            fault, video = self._read_row(row, ids)
            if video is None:
                plan.problems.append(f'{path.name} entry {index}, {row}: {fault}, left out')
            elif video.path in videos:
                plan.problems.append(f'{path.name} entry {index}, {row}: a second time, kept once')
            else:
                videos[video.path] = video
        return list(videos.values())

    def _read_row(
        self, row: Any, ids: dict[str, int] | None
    ) -> tuple[str, None] | tuple[str, ListedVideo]:
        if not isinstance(row, dict) or not str(row.get('id', '')).isdecimal():
            return 'no object with a number as its id', None
        path = f'{row["id"]}.webm'
        if ids is None:
            return '', ListedVideo(path)
        template = _clean(str(row.get('template', '')))
        if template not in ids:
            return 'its template is not in the label file', None
        return '', ListedVideo(path, str(ids[template]))


def _clean(template: str) -> str:
    """`Putting [something] onto [something]` -> `Putting something onto something`."""
    return re.sub(r'[\[\]]', '', template).strip()


if __name__ == '__main__':
    run_tool(lambda: run(SSv2()))
