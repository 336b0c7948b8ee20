"""The same as ``actionclip predict``."""

import sys

if __name__ == '__main__':
    sys.argv[:1] = ['actionclip', 'predict']
    from actionclip_mm.cli import main

    main()
