"""Prints what tests of agreement measured: differences from the released code, over processes."""

from collections import defaultdict

import pytest


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """One line per subject of the ``agreement`` properties (subject, quantity, difference)."""
    table: dict[str, dict[str, float]] = defaultdict(dict)
    for report in terminalreporter.getreports('passed') + terminalreporter.getreports('failed'):
        for name, value in getattr(report, 'user_properties', ()):
            if name == 'agreement' and report.when == 'call':
                subject, quantity, difference = value
                row = table[subject]
                row[quantity] = max(difference, row.get(quantity, 0.0))
    if table:
        terminalreporter.section('largest differences')
        for subject, row in table.items():
            cells = '  '.join(f'{quantity} {value:.1e}' for quantity, value in row.items())
            terminalreporter.write_line(f'{subject:20} {cells}')
