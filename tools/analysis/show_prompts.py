"""The same as ``actionclip prompts``."""

import sys

if __name__ == '__main__':
    sys.argv[:1] = ['actionclip', 'prompts']
    from actionclip_mm.cli import main

    main()
