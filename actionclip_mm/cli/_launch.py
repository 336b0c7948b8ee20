"""Start torchrun; Ctrl-C and SIGTERM end it with one line instead of its traceback.

python -m actionclip_mm.cli._launch [options of torchrun] SCRIPT [arguments of the script]
"""

import signal
import sys

from ._ending import NOTHING_HALF, Terminated, run_and_exit

KEPT_OF_TRAINING = 'finished epochs are kept in the work dir, add --resume to go on.'


def launch() -> None:
    """Run torchrun's own command line."""
    from torch.distributed.elastic.multiprocessing.api import SignalException
    from torch.distributed.run import main

    try:
        main()
    except SignalException as stop:
        if stop.sigval == signal.SIGINT:  # the first process got it as well and says more
            sys.exit(128 + signal.SIGINT)
        raise Terminated from None


if __name__ == '__main__':
    trains = any(argument.endswith('train.py') for argument in sys.argv)
    run_and_exit(launch, kept=KEPT_OF_TRAINING if trains else NOTHING_HALF)
