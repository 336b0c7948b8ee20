"""The same as ``actionclip demo``."""

import sys

if __name__ == '__main__':
    sys.argv[:1] = ['actionclip', 'demo']
    from actionclip_mm.cli import main

    main()
