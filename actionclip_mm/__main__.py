"""``python -m actionclip_mm``, the same as ``actionclip``."""

from .cli import main

if __name__ == '__main__':
    main()
