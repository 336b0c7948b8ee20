"""The same as ``actionclip benchmark memory``."""

import sys

if __name__ == '__main__':
    sys.argv[:1] = ['actionclip', 'benchmark', 'memory']
    from actionclip_mm.cli import main

    main()
