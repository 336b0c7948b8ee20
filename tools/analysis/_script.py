"""Handle Ctrl-C and SIGTERM as commands do; scripts import this before any slow import."""

import sys
from pathlib import Path

_called, sys.argv[0] = sys.argv[0], 'actionclip'  # keeps the import from registering components
import actionclip_mm  # noqa: E402
from actionclip_mm.cli._ending import catch_signals, run_and_exit  # noqa: E402, F401

sys.argv[0] = _called
_main = Path(getattr(sys.modules['__main__'], '__file__', None) or '.').resolve()
if _main.parent == Path(__file__).resolve().parent:  # a script, not a test of one
    catch_signals()
actionclip_mm.register_all()
from actionclip_mm.compat import at_run  # noqa: E402, F401
