"""The same as ``actionclip benchmark``."""

import sys

if __name__ == '__main__':
    sys.argv[:1] = ['actionclip', 'benchmark']
    from actionclip_mm.cli import main

    main()
