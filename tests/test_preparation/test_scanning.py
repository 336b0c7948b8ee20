"""Scan folders of videos and frames."""

from pathlib import Path

import pytest

from actionclip_mm.preparation.scanning import HOST_TEMPLATE, frame_template, scan


def write(folder: Path, *names: str) -> None:
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(b'x')


def test_videos_archives_and_nothing_else(tmp_path) -> None:
    write(tmp_path, 'b/x y.AVI', 'a.mp4', 'notes.txt', 'b/clap.rar', 'set.tar.gz', '#1 & (2).webm')
    (tmp_path / 'empty.mp4').write_bytes(b'')
    found = scan(tmp_path, 'videos')
    assert [file.path for file in found.found] == [
        '#1 & (2).webm',
        'a.mp4',
        'b/x y.AVI',
        'empty.mp4',
    ]
    assert [file.fault for file in found.found] == [None, None, None, 'empty file']
    assert found.found[2].stem == 'b/x y'
    assert found.archives == ['b/clap.rar', 'set.tar.gz']


def test_links_are_followed_and_cycles_end(tmp_path) -> None:
    write(tmp_path, 'real/a.mp4')
    (tmp_path / 'videos').mkdir()
    (tmp_path / 'videos' / 'class').symlink_to(tmp_path / 'real')
    (tmp_path / 'real' / 'up').symlink_to(tmp_path / 'videos')
    (tmp_path / 'videos' / 'dangling.mp4').symlink_to(tmp_path / 'nowhere')
    found = scan(tmp_path / 'videos', 'videos').found
    assert [file.path for file in found] == ['class/a.mp4', 'dangling.mp4']
    assert 'cannot be read' in str(found[1].fault)


def test_folders_of_frames(tmp_path) -> None:
    write(tmp_path, *(f'c/v.1/img_{i:05}.jpg' for i in range(1, 4)), 'c/v.1/flow_x_00001.jpg')
    found = scan(tmp_path, 'rawframes')
    assert [(file.path, file.frames, file.stem) for file in found.found] == [('c/v.1', 3, 'c/v.1')]
    assert found.templates == {HOST_TEMPLATE}


@pytest.mark.parametrize('kind', ['videos', 'rawframes'])
def test_names_that_cannot_be_listed(tmp_path, kind) -> None:
    for name in ('bad\udcff', 'two\nlines'):
        write(tmp_path, f'{name}/img_1.jpg', f'{name}.mp4')
    found = {file.path.removesuffix('.mp4'): file.fault for file in scan(tmp_path, kind).found}
    assert found == {
        'bad\\udcff': 'a name that is not UTF-8: rename it',
        'two\nlines': 'a line break in its name: rename it',
    }


@pytest.mark.parametrize(
    ('names', 'expected'),
    [
        ([], ('', 0, 0, None)),
        (['thumb.jpg', 'list.txt'], ('', 0, 0, None)),
        (['img_00001.jpg', 'img_00002.jpg'], ('img_{:05}.jpg', 1, 2, None)),
        ([f'img_{i:05}.jpg' for i in (99999, 100000)], ('img_{}.jpg', 99999, 2, None)),
        (['0.png', '1.png', '2.png'], ('{}.png', 0, 3, None)),
        (['img_00001.jpg', 'img_00003.jpg'],
         ('img_{:05}.jpg', 1, 2, 'frame 2 is missing between 1 and 3')),
        (['img_00001.jpg', 'img_00002.jpg', 'x_00001.png'],
         ('img_{:05}.jpg', 1, 2, 'images of 2 kinds of names in one folder')),
    ],
)  # fmt: skip
def test_names_of_frames(names, expected) -> None:
    assert frame_template(names) == expected
