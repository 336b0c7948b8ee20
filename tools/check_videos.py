"""The same as ``actionclip check-videos``."""

import sys

if __name__ == '__main__':
    sys.argv[:1] = ['actionclip', 'check-videos']
    from actionclip_mm.cli import main

    main()
