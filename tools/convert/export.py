"""The same as ``actionclip export``."""

import sys

if __name__ == '__main__':
    sys.argv[:1] = ['actionclip', 'export']
    from actionclip_mm.cli import main

    main()
