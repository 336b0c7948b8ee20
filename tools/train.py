"""The same as ``actionclip train``."""

import sys

if __name__ == '__main__':
    sys.argv[:1] = ['actionclip', 'train']
    from actionclip_mm.cli import main

    main()
