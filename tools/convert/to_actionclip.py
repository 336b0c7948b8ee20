"""The same as ``actionclip convert``."""

import sys

if __name__ == '__main__':
    sys.argv[:1] = ['actionclip', 'convert']
    from actionclip_mm.cli import main

    main()
