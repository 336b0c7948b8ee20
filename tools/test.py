"""The same as ``actionclip test``."""

import sys

if __name__ == '__main__':
    sys.argv[:1] = ['actionclip', 'test']
    from actionclip_mm.cli import main

    main()
