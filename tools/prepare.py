"""The same as ``actionclip prepare``."""

import sys

if __name__ == '__main__':
    sys.argv[:1] = ['actionclip', 'prepare']
    from actionclip_mm.cli import main

    main()
