"""ASGI middleware between the network and Gradio.

Gradio serves more than this page needs, such as a proxy and an API. The guard passes only the
routes of the page, only files of the page's folders (after following links) and only uploads within
the limits, and tells the browser to load nothing from elsewhere.
"""

import json
from collections.abc import Awaitable, Callable, Iterator, MutableMapping
from typing import Any

from .limits import Limits
from .uploads import TOTAL, Uploads

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[MutableMapping[str, Any], Receive, Send], Awaitable[None]]

API = '/gradio_api'
FILE = f'{API}/file='
UPLOAD = f'{API}/upload'
JOIN = f'{API}/queue/join'
QUESTIONS = (JOIN, f'{API}/run/predict')  # with the queue and without it
GET = {
    '/', '/config', '/theme.css', '/favicon.ico', '/robots.txt', '/manifest.json',
    f'{API}/theme.css', f'{API}/startup-events', f'{API}/queue/data', f'{API}/upload_progress',
}  # fmt: skip
GET_BELOW = ('/assets/', '/static/', '/svelte/', f'{API}/heartbeat/')
POST = {UPLOAD, *QUESTIONS, f'{API}/cancel', f'{API}/reset', f'{API}/reset/'}

LARGEST_QUESTION = 2**20  # bytes of JSON
FORM = 2**16  # bytes of a multipart form around its file
HEADERS = {
    b'content-security-policy': b"default-src 'self'; script-src 'self' 'unsafe-inline' "
    b"'unsafe-eval' blob:; style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; "
    b"media-src 'self' data: blob:; font-src 'self' data:; connect-src 'self' data: blob:; "
    b"worker-src 'self' blob:; object-src 'none'; base-uri 'self'; form-action 'self'; "
    b"frame-ancestors 'none'",
    b'x-content-type-options': b'nosniff',
    b'referrer-policy': b'no-referrer',
}


class Refused(Exception):
    """A request that is not answered: status code and sentence."""

    def __init__(self, status: int, sentence: str) -> None:
        super().__init__(sentence)
        self.status, self.sentence = status, sentence


class Guard:
    """Wrap the page's ASGI app.

    Args:
        app: The app.
        limits: Of the uploads.
        uploads: The page's folders.
    """

    def __init__(self, app: App, limits: Limits, uploads: Uploads) -> None:
        self.app, self.limits, self.uploads = app, limits, uploads

    async def __call__(self, scope: MutableMapping[str, Any], receive: Receive, send: Send) -> None:
        if scope['type'] != 'http':
            if scope['type'] == 'lifespan':
                await self.app(scope, receive, send)
            return
        send = _with_headers(send)
        try:
            self.check_route(scope['method'], scope['path'])
            if scope['path'] == UPLOAD:
                self.check_upload(dict(scope['headers']))
            elif scope['path'] in QUESTIONS:
                body = await _read(receive)
                self.check_question(body)
                receive = _replay(body, receive)
        except Refused as refused:
            await _answer(send, refused.status, refused.sentence)
            return
        await self.app(scope, receive, send)

    def check_route(self, method: str, path: str) -> None:
        """Refuse what is not part of the page, and files of other folders."""
        if method in ('GET', 'HEAD') and path.startswith(FILE):
            if not self.uploads.contains(path[len(FILE) :]):
                raise Refused(403, 'This file is not part of the page.')
            return
        reading = method in ('GET', 'HEAD') and (path in GET or path.startswith(GET_BELOW))
        if not reading and not (method == 'POST' and path in POST):
            raise Refused(404, 'There is no such address.')

    def check_upload(self, headers: dict[bytes, bytes]) -> None:
        """Refuse uploads that are too large, before they are read, or when the folder is full."""
        length = headers.get(b'content-length', b'')
        if not length.isdigit():
            raise Refused(411, 'The size of the upload is missing.')
        largest = self.limits.upload_bytes
        if int(length) > largest + FORM:
            raise Refused(
                413,
                f'The file has {int(length) / 2**20:.1f} MB: at most {self.limits.megabytes} MB '
                'are allowed.',
            )
        self.uploads.delete_older(60 * self.limits.keep_minutes)
        if self.uploads.size() + int(length) > TOTAL * largest + FORM:
            raise Refused(507, 'Too many uploads are waiting: try again in a few minutes.')

    def check_question(self, body: bytes) -> None:
        """Refuse questions about files of other folders and about addresses."""
        try:
            content = json.loads(body)
        except (ValueError, RecursionError):
            raise Refused(400, 'The question is not valid JSON.') from None
        for path in _paths(content):
            # an upload that was deleted has an answer of its own
            if not self.uploads.covers(path):
                raise Refused(403, 'This file is not part of the page.')


def _paths(content: Any) -> Iterator[str]:
    """Every value named ``path`` in nested JSON: Gradio takes those for files."""
    waiting = [content]
    while waiting:
        item = waiting.pop()
        if isinstance(item, dict):
            if 'path' in item:
                yield str(item['path'])
            waiting += item.values()
        elif isinstance(item, list):
            waiting += item


async def _read(receive: Receive) -> bytes:
    body, more = b'', True
    while more:
        message = await receive()
        if message['type'] != 'http.request':
            raise Refused(400, 'The connection was closed.')
        body += message.get('body', b'')
        more = message.get('more_body', False)
        if len(body) > LARGEST_QUESTION:
            raise Refused(413, 'The question is too long: use fewer or shorter labels.')
    return body


def _replay(body: bytes, receive: Receive) -> Receive:
    messages: list[Message] = [{'type': 'http.request', 'body': body, 'more_body': False}]

    async def replay() -> Message:
        return messages.pop() if messages else await receive()

    return replay


def _with_headers(send: Send) -> Send:
    async def with_headers(message: Message) -> None:
        if message['type'] == 'http.response.start':
            own = [(name, value) for name, value in message['headers'] if name not in HEADERS]
            message = {**message, 'headers': [*own, *HEADERS.items()]}
        await send(message)

    return with_headers


async def _answer(send: Send, status: int, sentence: str) -> None:
    headers = [(b'content-type', b'text/plain; charset=utf-8'), (b'connection', b'close')]
    await send({'type': 'http.response.start', 'status': status, 'headers': headers})
    await send({'type': 'http.response.body', 'body': sentence.encode()})
