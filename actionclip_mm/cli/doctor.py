"""Check the installation: packages, fixes of the hosts, decoders, weights, GPU, disk.

Exit code: 0 if everything needed works, 1 if something is broken. Warnings, such as weights that
are not cached, do not change it.
"""

import sys
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict

from ..utils import to_json
from ._arguments import make_parser
from ._finding import BROKEN, WARNING, Finding

LOUD = (WARNING, BROKEN)


def areas() -> dict[str, Callable[[], Iterable[Finding]]]:
    """Titles of all areas and their checks."""
    from . import _doctor_machine as machine
    from . import _doctor_packages as packages

    return {
        'packages': packages.check_packages,
        'breakages of the host packages': packages.check_fixes,
        'files of this package': packages.check_files,
        'decoders': machine.check_decoders,
        'CLIP weights': machine.check_weights,
        'GPU': machine.check_gpu,
        'disk and memory': machine.check_disk,
        'caches': machine.check_caches,
    }


def diagnose(check: Callable[[], Iterable[Finding]]) -> list[Finding]:
    """Findings of one area. A check that fails itself is a finding too."""
    findings: list[Finding] = []
    try:
        findings += check()
    except Exception as error:
        said = f'{type(error).__name__}: {error}'
        findings.append(Finding(BROKEN, 'this check ended with an error', said))
    return findings


def show(finding: Finding) -> str:
    """One or two lines of text."""
    mark = finding.status.upper() if finding.status in LOUD else finding.status
    line = f'  {mark:<8}{finding.text}'
    return f'{line}\n          -> {finding.advice}' if finding.advice else line


def main(argv: Sequence[str] | None = None) -> int:
    """Print all findings; returns 1 if something is broken."""
    parser = make_parser('doctor', __doc__)
    parser.add_argument('--json', action='store_true', help='print the findings as JSON')
    args = parser.parse_args(argv)
    out, sys.stdout = sys.stdout, sys.stderr  # what the host packages print while imported
    found: dict[str, list[Finding]] = {}
    try:
        for title, check in areas().items():
            found[title] = diagnose(check)
            if not args.json:
                print(title, *map(show, found[title]), sep='\n', file=out, flush=True)
    finally:
        sys.stdout = out
    statuses = [finding.status for findings in found.values() for finding in findings]
    if args.json:
        content = {title: list(map(asdict, findings)) for title, findings in found.items()}
        print(to_json(content, indent=2))
    else:
        print(f'{statuses.count(BROKEN)} broken, {statuses.count(WARNING)} warnings.')
    return int(BROKEN in statuses)
