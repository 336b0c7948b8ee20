"""Report on a run: curves, accuracies, confusions, worst videos, zero-shot baseline, calibration.

    actionclip report work_dirs/RUN

Writes WORK_DIR/report/report.html (one file) and report.md with pictures. The best checkpoint is
tested on the validation list of the run's config, unless --scores has an earlier test.
"""

import re
from collections.abc import Sequence
from pathlib import Path

from ._arguments import existing_file, existing_folder, file_or_url, make_parser


def main(argv: Sequence[str] | None = None) -> int:
    """Write the report and print where it is."""
    parser = make_parser('report', __doc__)
    add = parser.add_argument
    add('work_dir', type=existing_folder, metavar='WORK_DIR', help='work dir of a training')
    add('--out', type=Path, help='folder of the report (default: WORK_DIR/report)')
    add('--curves-only', action='store_true', help='draw the log alone and test nothing')
    add('--config', type=existing_file, help='config (default: the one in WORK_DIR)')
    add('--checkpoint', type=file_or_url, help='checkpoint (default: the best one in WORK_DIR)')
    add('--scores', type=existing_file, help='.safetensors or test --dump file of an earlier test')
    zero_shot = parser.add_mutually_exclusive_group()
    zero_shot.add_argument('--no-zero-shot', action='store_true', help='test no baseline')
    zero_shot.add_argument(
        '--zero-shot-scores', type=existing_file, help='the same file of a zero-shot baseline'
    )
    add('--labels', type=existing_file, metavar='FILE', help="class names (default: the config's)")
    add('--split', choices=('val', 'test'), default='val', help='list to test (default: val)')
    add('--device', default='auto', help='auto (default), cpu, cuda, cuda:1, ...')
    add(
        '--store-temperature',
        action='store_true',
        help='write the fitted temperature into the checkpoint; predict then uses it',
    )
    add(
        '--note', nargs=2, action='append', default=[], metavar=('NAME', 'TEXT'), help='first lines'
    )
    args = parser.parse_args(argv)
    with parser.wrong_calls():
        from .. import register_all

        register_all()
        from ..reporting import write_report
        from .predict import check_device

        check_device(args.device)

        page = write_report(
            args.work_dir,
            args.out,
            config=args.config,
            checkpoint=args.checkpoint,
            scores=args.scores,
            zero_shot=args.zero_shot_scores or not args.no_zero_shot,
            labels=args.labels and str(args.labels),
            split=args.split,
            device=args.device,
            curves_only=args.curves_only,
            store_temperature=args.store_temperature,
            notes=dict(args.note),
        )
        text = page.with_suffix('.md').read_text('utf-8')
        result = text.partition('\n## Result\n')[2].partition('\n## ')[0].strip()
        print(re.sub(r'\\(.)', r'\1', result))
        print(f'The report is {page}, and report.md next to it.')
    return 0
