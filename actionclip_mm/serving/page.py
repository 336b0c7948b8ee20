"""The Gradio page: a video, labels and templates on the left, the answer on the right."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import gradio as gr

from ..models.text import PRESETS
from .answering import Answerer
from .limits import MODEL_TEMPLATES, OWN_TEMPLATES
from .rendering import escaped

EVERYDAY = ('walking', 'running', 'dancing', 'cooking', 'playing guitar', 'riding a bike')
WELCOME = (
    '<div class="welcome"><p>Choose a video, type what it may show, one label per line, and press '
    '<b>Recognise</b>.</p><p>The labels need not be known to the model: it compares the frames '
    'with sentences about them.</p></div>'
)
CSS = (Path(__file__).parent / 'page.css').read_text(encoding='utf-8')


def theme() -> gr.themes.Base:
    """Gradio's default theme with the fonts of the visitor's system."""
    fonts = ('-apple-system', 'Segoe UI', 'Roboto', 'Helvetica Neue', 'Arial', 'sans-serif')
    return gr.themes.Default(
        primary_hue='blue',
        font=[gr.themes.Font(name) for name in fonts],
        font_mono=[gr.themes.Font(name) for name in ('ui-monospace', 'monospace')],
    )


def build_page(
    answerer: Answerer,
    model: str,
    labels: Sequence[str] | None = None,
    samples: Sequence[str | Path] = (),
) -> gr.Blocks:
    """The page.

    Args:
        answerer: Answers the questions.
        model: Name of the model, shown at the top.
        labels: Labels that the page opens with. None, the default, is a few everyday actions.
        samples: Clips to pick from.
    """
    limits = answerer.limits
    minutes = 60 * limits.keep_minutes
    gr.set_static_paths([str(Path(sample).resolve()) for sample in samples])  # else copied
    with gr.Blocks(
        title='ActionCLIP',
        analytics_enabled=False,
        delete_cache=(60, minutes) if minutes else (5, 5),
    ) as page:
        gr.HTML(_heading(model, answerer), elem_id='heading', apply_default_css=False)
        with gr.Row():
            with gr.Column(scale=4, min_width=320):
                video, question = _question(answerer, labels or EVERYDAY, samples)
                ask = gr.Button('Recognise', variant='primary', elem_id='ask')
            with gr.Column(scale=6, min_width=360):
                answer = gr.HTML(WELCOME, elem_id='answer', apply_default_css=False)
        ask.click(
            answerer,
            [video, *question],
            answer,
            concurrency_limit=limits.concurrency,
            api_visibility='private',
        )
        video.change(lambda: WELCOME, None, answer, queue=False, api_visibility='private')
    page.queue(max_size=limits.queue, api_open=False)
    return page


def _question(
    answerer: Answerer, labels: Sequence[str], samples: Sequence[str | Path]
) -> tuple[gr.Video, list[Any]]:
    video = gr.Video(label='Video', sources=['upload'], height=240, elem_id='video', buttons=[])
    if samples:
        gr.Examples(
            [[str(Path(sample).resolve())] for sample in samples],
            [video],
            label='Examples',
            api_visibility='private',
        )
    names = gr.Textbox(
        '\n'.join(labels), label='Labels, one per line', lines=6, max_lines=12, elem_id='labels'
    )
    none = gr.Checkbox(label='Allow “none of these”', visible=answerer.allows_none, elem_id='none')
    with gr.Accordion('Templates', open=False):
        preset = gr.Dropdown(
            [MODEL_TEMPLATES, *PRESETS, OWN_TEMPLATES],
            value=MODEL_TEMPLATES,
            label='Sentences made of each label',
            elem_id='preset',
        )
        own = gr.Textbox(
            'a video of {}\na person is {}',
            label='Own templates, one per line, {} stands for the label',
            lines=3,
            max_lines=12,
            visible=False,
            elem_id='templates',
        )
    preset.change(
        lambda name: gr.update(visible=name == OWN_TEMPLATES),
        preset,
        own,
        queue=False,
        api_visibility='private',
    )
    return video, [names, preset, own, none]


def _heading(model: str, answerer: Answerer) -> str:
    limits = answerer.limits
    return (
        '<h1>ActionCLIP</h1><p>What happens in this clip? Any labels, no training.</p>'
        f'<p class="hint">Model: <b>{escaped(model)}</b>. Videos of at most {limits.megabytes} MB '
        f'and {limits.seconds} s. Uploads are deleted after their answer, the frames read from '
        f'them after {limits.keep_minutes} minutes.</p>'
    )
