"""Imported by a script before anything slow: Ctrl-C and SIGTERM end it as they end a command."""

import sys
from pathlib import Path

_called, sys.argv[0] = sys.argv[0], 'actionclip'  # so that the package registers nothing yet
import actionclip_mm  # noqa: E402
from actionclip_mm.cli._ending import catch_signals, run_and_exit  # noqa: E402, F401

sys.argv[0] = _called
_main = Path(getattr(sys.modules['__main__'], '__file__', None) or '.').resolve()
if _main.parent == Path(__file__).resolve().parent:  # a script, not a test of one
    catch_signals()
actionclip_mm.register_all()
from actionclip_mm.compat import at_run  # noqa: E402, F401
