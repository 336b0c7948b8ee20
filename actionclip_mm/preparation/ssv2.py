"""Something-Something V2's layout: labels.json, train.json, validation.json and test.json.

The files may have ``something-something-v2-`` in front. Videos are ``<id>.webm``.
"""

import argparse
import re
from pathlib import Path
from typing import Any

from ..utils import read_json
from .base import ListedVideo, Plan, Preparation, VideoList
from .reading import AGAIN, find_file


class SSv2Preparation(Preparation):
    """Something-Something V2; its test list has no labels."""

    def key(self, path: str) -> str:
        """Id of the video: any extension, any folder below the given one."""
        return path.rpartition('/')[2]

    def read(self, args: argparse.Namespace) -> Plan:
        """Read the label file and three lists; the list without labels may be absent."""
        plan = Plan()
        ids = self._read_labels(self._file(args.annotations, 'labels'), plan)
        (train, val), (test,) = self.benchmark.splits[0], self.benchmark.others
        for part, listed in (('train', train), ('validation', val), ('test', test)):
            try:
                path = self._file(args.annotations, part)
            except FileNotFoundError as error:
                if listed is not test:
                    raise
                plan.notes.append(f'No list of test videos is written. {error}')
                continue
            videos = self._read_list(path, None if listed is test else ids, plan)
            plan.lists.append(VideoList(listed, videos))
        return plan

    def _file(self, folder: Path, part: str) -> Path:
        names = (f'something-something-v2-{part}.json', f'{part}.json')
        return find_file(folder, *names, source=self.benchmark.annotation_archive)

    def _read_labels(self, path: Path, plan: Plan) -> dict[str, int]:
        """Template -> id; the file has ``{template: "id"}``."""
        content = read_json(path, AGAIN)
        good = isinstance(content, dict) and all(
            isinstance(label, (str, int)) and str(label).isdecimal() for label in content.values()
        )
        if not good or sorted(map(int, content.values())) != list(range(len(content))):
            raise ValueError(
                f"'{path}' must hold one JSON object of template -> id with the ids 0, 1, 2, … "
                f'once each: {AGAIN}.'
            )
        ids = {_clean(template): int(label) for template, label in content.items()}
        plan.labels = sorted(ids, key=ids.__getitem__)
        return ids

    def _read_list(self, path: Path, ids: dict[str, int] | None, plan: Plan) -> list[ListedVideo]:
        content = read_json(path, AGAIN)
        if not isinstance(content, list):
            raise ValueError(f"'{path}' must hold a JSON list of videos: {AGAIN}.")
        videos: dict[str, ListedVideo] = {}
        for index, row in enumerate(content):
            fault, video = self._read_row(row, ids)
            if video is None:
                plan.problems.append(f'{path.name} entry {index}, {row}: {fault}; row skipped')
            elif video.path in videos:
                plan.problems.append(f'{path.name} entry {index}, {row}: repeated, kept once')
            else:
                videos[video.path] = video
        return list(videos.values())

    def _read_row(
        self, row: Any, ids: dict[str, int] | None
    ) -> tuple[str, None] | tuple[str, ListedVideo]:
        if not isinstance(row, dict) or not str(row.get('id', '')).isdecimal():
            return 'not an object with a numeric id', None
        path = f'{row["id"]}.webm'
        if ids is None:
            return '', ListedVideo(path)
        template = _clean(str(row.get('template', '')))
        if template not in ids:
            return 'its template is not in the label file', None
        return '', ListedVideo(path, str(ids[template]))


def _clean(template: str) -> str:
    """``Putting [something] onto [something]`` -> ``Putting something onto something``."""
    return re.sub(r'[\[\]]', '', template).strip()
