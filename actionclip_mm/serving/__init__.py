"""The page of ``actionclip serve``: label a clip in the browser.

Only :mod:`.page` and :mod:`.server` import Gradio (extra ``[demo]``).
"""

from .answering import Answerer
from .limits import Limits
from .uploads import Uploads

__all__ = ['Answerer', 'Limits', 'Uploads']
