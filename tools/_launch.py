"""Starts torchrun; Ctrl-C and SIGTERM end it in one line instead of its traceback.

Usage: python tools/_launch.py [options of torchrun] TOOL [arguments of the tool]
"""

import signal
import sys

from _entry import NOTHING_HALF, Terminated, run_tool

# isort: split
from torch.distributed.elastic.multiprocessing.api import SignalException
from torch.distributed.run import main

KEPT_OF_TRAINING = 'finished epochs are kept in the work dir, add --resume to go on.'


def launch() -> None:
    try:
        main()
    except SignalException as stop:
        if stop.sigval == signal.SIGINT:  # the first process got it as well and says more
            sys.exit(128 + signal.SIGINT)
        raise Terminated from None


if __name__ == '__main__':
    trains = any(argument.endswith('train.py') for argument in sys.argv)
    run_tool(launch, kept=KEPT_OF_TRAINING if trains else NOTHING_HALF)
