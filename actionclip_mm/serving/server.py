"""Run the page until it is stopped."""

import os
import socket
from collections.abc import Sequence
from pathlib import Path

from ..apis import ActionCLIPInferencer
from .answering import Answerer
from .guard import Guard
from .limits import Limits
from .uploads import Uploads

SECONDS_TO_STOP = 3  # that open connections get


def serve(
    inferencer: ActionCLIPInferencer,
    listener: socket.socket,
    limits: Limits,
    model: str,
    labels: Sequence[str] | None,
    samples: Sequence[Path] = (),
) -> None:
    """Answer on a socket until SIGINT or SIGTERM, then delete the uploads.

    Args:
        inferencer: The model.
        listener: A bound socket.
        limits: What may be asked.
        model: Name of the model, shown on the page.
        labels: Labels that the page opens with; None for a few everyday actions.
        samples: Clips to pick from.
    """
    uploads = Uploads(*samples)
    try:
        _use_folder(uploads)
        import uvicorn

        app = _app(Answerer(inferencer, limits, uploads), model, labels, samples)
        host, port = listener.getsockname()[:2]
        shown = f'[{host}]' if ':' in host else host
        print(f'Serving on http://{shown}:{port} (Ctrl-C stops)', flush=True)
        config = uvicorn.Config(
            app, log_level='warning', timeout_graceful_shutdown=SECONDS_TO_STOP, lifespan='on'
        )
        uvicorn.Server(config).run(sockets=[listener])
        # it ends by a signal, which is lost to the caller before uvicorn's own handlers are set
        raise KeyboardInterrupt
    finally:
        uploads.close()
        listener.close()


def _use_folder(uploads: Uploads) -> None:
    """Let Gradio write into the folder only, and send no usage data; before its first import."""
    os.environ['GRADIO_TEMP_DIR'] = uploads.folder
    os.environ['GRADIO_EXAMPLES_CACHE'] = os.path.join(uploads.folder, 'examples')
    os.environ['GRADIO_ANALYTICS_ENABLED'] = 'False'


def _app(
    answerer: Answerer, model: str, labels: Sequence[str] | None, samples: Sequence[Path]
) -> Guard:
    import fastapi
    import gradio as gr

    from .page import CSS, build_page, theme

    app = fastapi.FastAPI(openapi_url=None)
    gr.mount_gradio_app(
        app,
        build_page(answerer, model, labels, samples),
        path='/',
        footer_links=[],
        run_history=False,
        show_error=False,
        max_file_size=answerer.limits.upload_bytes,
        ssr_mode=False,
        enable_monitoring=False,
        pwa=False,
        mcp_server=False,
        theme=theme(),
        css=CSS,
    )
    return Guard(app, answerer.limits, answerer.uploads)
