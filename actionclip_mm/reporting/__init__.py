"""Reports of runs in HTML and markdown."""

from .report import write_report

__all__ = ['write_report']
