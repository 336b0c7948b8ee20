"""The same as ``actionclip host``."""

import sys

if __name__ == '__main__':
    sys.argv[:1] = ['actionclip', 'host']
    from actionclip_mm.cli import main

    main()
