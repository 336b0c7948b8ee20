"""Known breakages of the host packages and their fixes.

:mod:`at_import` holds what importing mmaction2 needs, :mod:`at_run` what a run needs. Each
:class:`Fix` is applied only where its breakage is present, so a repaired host needs no change here.
Nothing is written into site-packages, and no error is silenced.
"""

from .fixes import Fix, fix

__all__ = ['Fix', 'fix']
