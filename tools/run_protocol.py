"""The same as ``actionclip protocol``."""

import sys

if __name__ == '__main__':
    sys.argv[:1] = ['actionclip', 'protocol']
    from actionclip_mm.cli import main

    main()
