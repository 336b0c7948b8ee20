"""``actionclip host``: mmaction2's own tools on a config of this package."""

import json
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import av
import cv2
import mmengine
import pytest
import torch
from mmengine.config import Config
from mmengine.fileio.handlers import PickleHandler

from actionclip_mm.cli.host import main
from actionclip_mm.host_tools import scripts as host_tools

pytestmark = pytest.mark.slow

LOG = [
    dict(lr=1e-3, loss=2.0, time=0.5, epoch=1, iter=1, step=1),
    dict(lr=1e-3, loss=1.5, time=0.4, epoch=1, iter=2, step=2),
    {'acc/top1': 0.5, 'step': 1},
    dict(lr=1e-3, loss=1.0, time=0.5, epoch=2, iter=3, step=3),
    dict(lr=1e-3, loss=0.5, time=0.4, epoch=2, iter=4, step=4),
]


@pytest.fixture
def host(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., None]]:
    """Function: ``host('get_flops', config)`` runs a tool in this process."""
    monkeypatch.setenv('MPLBACKEND', 'Agg')
    monkeypatch.setattr(sys, 'argv', list(sys.argv))  # the tools see their own

    def run(*args: object) -> None:
        main(list(map(str, args)))

    # some tools replace it for the rest of their process
    monkeypatch.setattr(PickleHandler, 'load_from_fileobj', PickleHandler.load_from_fileobj)
    before = set(sys.modules)
    yield run
    for stand_in in {'seaborn', 'moviepy', 'moviepy.editor'} - before:
        sys.modules.pop(stand_in, None)


@pytest.fixture
def unpatched(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Function that runs a tool without its patch."""
    return lambda tool: monkeypatch.delitem(host_tools.PATCHES, tool)


@pytest.fixture
def dump(nine_videos: Path, tmp_path: Path) -> Path:
    """A dump as of ``actionclip test --dump``: nine videos of three classes, six correct."""
    samples = []
    for index in range(9):
        right = index % 3 if index < 6 else (index + 1) % 3
        samples.append(
            dict(
                pred_score=torch.eye(3)[right] * 0.9 + 0.03,
                gt_label=torch.tensor([index % 3]),
                sample_idx=index,
                filename=f'{index}.mp4',
            )
        )
    mmengine.dump(samples, tmp_path / 'scores.pkl')
    return tmp_path / 'scores.pkl'


def test_list_and_help(host: Callable, capsys: pytest.CaptureFixture) -> None:
    host('--list')
    assert {'analysis_tools/get_flops', 'train'} <= set(capsys.readouterr().out.split())
    with pytest.raises(SystemExit, match='0'):
        host('--help')
    assert 'NAME [arguments of that tool]' in capsys.readouterr().out


@pytest.mark.parametrize(
    'name, words',
    [
        ('get_flop', 'did you mean get_flops'),
        ('download', 'several tools download: give one of'),
        ('benchmark', 'written for mmcv 1'),
        ('bench_processing', 'actionclip benchmark'),
        ('mmaction2torchserve', 'pip install torch-model-archiver'),
    ],
)
def test_tools_that_cannot_run_are_refused(
    host: Callable, name: str, words: str, capsys: pytest.CaptureFixture
) -> None:
    with pytest.raises(SystemExit) as error:
        host(name, 'config.py')
    said = error.value.code if isinstance(error.value.code, str) else capsys.readouterr().err
    assert words in said and len(said.splitlines()) == 1


def test_print_config(host: Callable, config: Path, capsys: pytest.CaptureFixture) -> None:
    host('print_config', config)
    assert "type='CLIPRecognizer'" in capsys.readouterr().out


def test_get_flops(
    host: Callable, config: Path, capsys: pytest.CaptureFixture, unpatched: Callable
) -> None:
    host('get_flops', config)
    assert 'Input shape: (1, 3, 4, 32, 32)' in capsys.readouterr().out
    host('get_flops', config, '--shape', 1, 3, 2, 32, 32)
    assert 'Input shape: (1, 3, 2, 32, 32)' in capsys.readouterr().out
    unpatched('get_flops')
    with pytest.raises(ValueError, match='.'):  # any message of the host
        host('get_flops', config)


def test_input_shape_of_2d_recognizers_and_of_unknown_sizes() -> None:
    tsn = Config.fromfile(Path(__file__).parents[2] / 'configs' / 'mixed_backbones' / 'tsn_r50.py')
    tsn.test_dataloader.dataset.pipeline = tsn.val_dataloader.dataset.pipeline
    assert host_tools.input_shape(tsn) == [8, 3, 224, 224]
    steps = [
        dict(type='SegmentCentreSample', clip_len=4),
        dict(type='CLIPResize', scale=(64, 48), keep_ratio=False),
        dict(type='FormatShape', input_format='NCTHW'),
    ]
    tsn.test_dataloader.dataset = dict(pipeline=steps)
    assert host_tools.input_shape(tsn) == [1, 3, 4, 48, 64]
    tsn.test_dataloader.dataset.pipeline = []
    with pytest.raises(ValueError, match='give --shape'):
        host_tools.input_shape(tsn)


def test_analyze_logs(host: Callable, tmp_path: Path, unpatched: Callable) -> None:
    log = tmp_path / 'scalars.json'
    log.write_text('\n'.join(map(json.dumps, LOG)))
    plot = ('analyze_logs', 'plot_curve', log, '--keys', 'loss', '--out', tmp_path / 'loss.png')
    host(*plot)
    assert cv2.imread(str(tmp_path / 'loss.png')) is not None
    host('analyze_logs', 'cal_train_time', log)
    unpatched('analyze_logs')
    with pytest.raises((IndexError, ModuleNotFoundError)):
        host(*plot)


def test_logs_count_the_iterations_of_each_epoch(tmp_path: Path) -> None:
    (tmp_path / 'log.json').write_text('\n'.join(map(json.dumps, LOG)))
    copy = host_tools._with_mode(str(tmp_path / 'log.json'), tmp_path / 'copy.json')
    lines = [json.loads(line) for line in Path(copy).read_text().splitlines()]
    assert [line['iter'] for line in lines] == [1, 2, 1, 2]
    assert {line['mode'] for line in lines} == {'train'}


def test_confusion_matrix(host: Callable, config: Path, dump: Path, tmp_path: Path) -> None:
    out = tmp_path / 'matrix.pkl'
    host(
        'confusion_matrix', config, dump, '--out', out, '--show-path', tmp_path / 'matrix.png'
    )  # fmt: skip
    assert mmengine.load(out).diagonal().tolist() == [2, 2, 2]
    assert cv2.imread(str(tmp_path / 'matrix.png')) is not None


def test_the_confusion_matrix_is_legible(
    host: Callable, config: Path, dump: Path, tmp_path: Path, unpatched: Callable
) -> None:
    """The host's labels overlap for many classes; ours are names with a row each."""
    import matplotlib.pyplot as plt
    from mmaction.evaluation import ConfusionMatrix

    from actionclip_mm.reporting.confusion_plot import plot_confusions

    def gap(figure: plt.Figure) -> float:
        """Pixels between two labels of classes, in heights of a label."""
        figure.canvas.draw()
        boxes = [t.get_window_extent() for t in figure.axes[0].get_yticklabels() if t.get_text()]
        return (boxes[0].y0 - boxes[1].y0) / boxes[0].height

    matrix = torch.eye(100, dtype=int) * 9
    matrix[:, 0] += 1
    assert gap(ConfusionMatrix.plot(matrix, show=False)) < 0.7
    names = [f'class name {i}' for i in range(100)]
    ours = plot_confusions(matrix.numpy(), names, True, 'viridis', False)
    labels = [text.get_text() for text in ours.axes[0].get_xticklabels()]
    assert gap(ours) > 1.2 and labels[-1] == 'other classes' and len(labels) == 61
    host('confusion_matrix', config, dump, '--show-path', tmp_path / 'matrix.png')
    figure = plt.figure(plt.get_fignums()[-1])
    drawn = [text.get_text() for text in figure.axes[0].get_yticklabels()]
    assert drawn == list(Config.fromfile(config).model.cls_head.label_encoder.labels)
    plt.close('all')


def test_confusion_matrix_of_a_checkpoint(
    host: Callable, config: Path, checkpoint: Path, tmp_path: Path
) -> None:
    host('confusion_matrix', config, checkpoint, '--out', tmp_path / 'matrix.pkl')
    assert mmengine.load(tmp_path / 'matrix.pkl').sum() == 9


def test_report_accuracy(host: Callable, dump: Path, capsys: pytest.CaptureFixture) -> None:
    host('report_accuracy', '--preds', dump, '--coefficients', 1.0)
    assert 'Top 1 Accuracy: 0.6667' in capsys.readouterr().out


def test_eval_metric(
    host: Callable, config: Path, dump: Path, capsys: pytest.CaptureFixture, unpatched: Callable
) -> None:
    host('eval_metric', config, dump)
    output = capsys.readouterr().out
    assert "'videos/listed': 9" in output
    assert '0.66' in output
    unpatched('eval_metric')
    with pytest.raises(KeyError, match='CompleteEvaluator'):
        host('eval_metric', config, dump)


@pytest.mark.parametrize(
    'call',
    [
        ('eval_metric', 'CONFIG', 'SCORES'),
        ('confusion_matrix', 'CONFIG', 'SCORES'),
        ('report_accuracy', '--preds', 'SCORES', '--coefficients', '1.0'),
    ],
    ids=lambda call: call[0],
)
def test_scores_of_nan_are_refused(
    call: tuple[str, ...], host: Callable, config: Path, dump: Path
) -> None:
    samples = mmengine.load(dump)
    samples[4]['pred_score'][1] = float('nan')
    mmengine.dump(samples, dump)
    places = dict(CONFIG=config, SCORES=dump)
    with pytest.raises(
        SystemExit, match=r'^Error: The scores of sample 4 of the .pkl file are NaN'
    ) as error:
        host(*(places.get(word, word) for word in call))
    assert '\n' not in str(error.value)


def test_vis_scheduler(
    host: Callable, config: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
    unpatched: Callable, capsys: pytest.CaptureFixture,
) -> None:  # fmt: skip
    monkeypatch.chdir(tmp_path)
    args = ('vis_scheduler', config, '--not-show', '-s', tmp_path / 'lr.png')
    host(*args)
    assert 'Iterations per epoch: 3' in capsys.readouterr().out  # nine videos in batches of three
    assert cv2.imread(str(tmp_path / 'lr.png')) is not None
    unpatched('vis_scheduler')
    host(*args)
    assert 'Iterations per epoch' not in capsys.readouterr().out


def test_check_videos(
    host: Callable, config: Path, tmp_path: Path, capsys: pytest.CaptureFixture
) -> None:
    option = 'train_dataloader.dataset.type=VideoDataset'
    out = tmp_path / 'bad.txt'
    host('check_videos', config, '--nproc', 1, '--output-file', out, '--cfg-options', option)
    assert 'Checked 9 videos, none are corrupted' in capsys.readouterr().out


@pytest.mark.parametrize('mode', ['original', 'transformed', 'concat', 'pipeline'])
def test_browse_dataset(host: Callable, config: Path, tmp_path: Path, mode: str) -> None:
    host('browse_dataset', config, tmp_path / 'browse', '-n', 1, '-m', mode)
    with av.open(str(tmp_path / 'browse' / 'video_0.mp4')) as container:
        assert len(list(container.decode(video=0))) == 4


def test_vis_cam(
    host: Callable, config: Path, checkpoint: Path, video: str, tmp_path: Path
) -> None:
    out = tmp_path / 'cam.gif'
    layer = 'backbone/visual/transformer/resblocks/0'
    host(
        'vis_cam', config, checkpoint, video, '--device', 'cpu', '--target-layer-name', layer,
        '--out-filename', out,
    )  # fmt: skip
    assert out.stat().st_size > 0


def test_host_lists_equal_our_preparation(
    host: Callable, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """data/build_file_list imports ``tools.data.…`` of mmaction2, and reads the current folder."""
    monkeypatch.chdir(tmp_path)
    annotations = tmp_path / 'data' / 'ucf101' / 'annotations'
    annotations.mkdir(parents=True)
    (annotations / 'classInd.txt').write_text('1 ApplyEyeMakeup\n2 Archery\n')
    for split in (1, 2, 3):
        (annotations / f'trainlist0{split}.txt').write_text('Archery/v_Archery_g08_c01.avi 2\n')
        (annotations / f'testlist0{split}.txt').write_text('Archery/v_Archery_g01_c01.avi\n')
    for group in ('g01', 'g08'):
        video = tmp_path / 'videos' / 'Archery' / f'v_Archery_{group}_c01.avi'
        video.parent.mkdir(parents=True, exist_ok=True)
        video.touch()
    host('data/build_file_list', 'ucf101', 'videos', '--format', 'videos')
    written = tmp_path / 'data' / 'ucf101' / 'ucf101_train_split_1_videos.txt'
    assert written.read_text() == 'Archery/v_Archery_g08_c01.avi 1\n'


def test_publish_model(host: Callable, checkpoint: Path, tmp_path: Path) -> None:
    host('publish_model', checkpoint, tmp_path / 'published.pth')
    (published,) = tmp_path.glob('published_*.pth')
    assert set(torch.load(published)) == {'state_dict', 'meta'}


def test_features_of_clips(
    host: Callable, config: Path, checkpoint: Path, tmp_path: Path, unpatched: Callable
) -> None:
    out = tmp_path / 'features'
    args = ('clip_feature_extraction', config, checkpoint, f'{out}/', '--spatial-type', 'keep')
    host(*args)
    assert len(list(out.glob('*.mp4.pkl'))) == 9
    unpatched('clip_feature_extraction')
    with pytest.raises(SystemExit, match='does not fit the model of the config'):
        host(*args)
