"""Bridge for scripts that are not commands of ``actionclip`` yet."""

import importlib
import importlib.util
import sys
from pathlib import Path
from types import ModuleType

TOOLS = Path(__file__).resolve().parent
_script, sys.argv[0] = sys.argv[0], 'actionclip'  # import nothing heavy
import actionclip_mm  # noqa: E402

sys.argv[0] = _script
from actionclip_mm.cli._ending import (  # noqa: E402, F401
    NOTHING_HALF,
    Terminated,
    catch_signals,
    is_first_process,
    run_and_exit,
)

run_tool = run_and_exit
from actionclip_mm.utils.child_process import child  # noqa: E402, F401

LIGHT = ('generate', 'host', 'test', 'train')


def package_module(path: str) -> ModuleType:
    """A file of the package's utils, or another that imports the standard library only."""
    if path.startswith('utils/'):
        return importlib.import_module(
            f'actionclip_mm.{path.removesuffix(".py")}'.replace('/', '.')
        )
    place = Path(actionclip_mm.__file__).parent / path
    spec = importlib.util.spec_from_file_location(place.stem, place)
    if spec is None or spec.loader is None:
        raise ImportError(f'There is no {place}.')
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


_main = Path(getattr(sys.modules['__main__'], '__file__', None) or '.').resolve()
if _main.is_relative_to(TOOLS):  # a tool, not a test of one
    catch_signals()
if not (_main.is_relative_to(TOOLS) and _main.stem in LIGHT):
    actionclip_mm.register_all()
    from actionclip_mm.compat import at_run  # noqa: F401
