"""The guard: routes, files, sizes and headers, without a server."""

import asyncio
import json
from pathlib import Path

import pytest

from actionclip_mm.serving import Limits, Uploads
from actionclip_mm.serving.guard import FILE, JOIN, LARGEST_QUESTION, UPLOAD, Guard
from actionclip_mm.utils.carried_files import carried

BLUE = carried('data/mini_clip/samples') / 'three_blue_triangles.mp4'


async def echo(scope, receive, send) -> None:
    """An app that answers with the body of the request."""
    body = (await receive()).get('body', b'')
    headers = [(b'content-security-policy', b'default-src *')]
    await send({'type': 'http.response.start', 'status': 200, 'headers': headers})
    await send({'type': 'http.response.body', 'body': body})


def ask(guard: Guard, method: str, path: str, body: bytes = b'', **headers: str):
    """Status, headers and body of the answer to a request."""
    sent = []
    parts = [body[: len(body) // 2], body[len(body) // 2 :]]
    messages = [
        {'type': 'http.request', 'body': part, 'more_body': index == 0}
        for index, part in enumerate(parts)
    ]

    async def receive():
        return messages.pop(0)

    async def send(message):
        sent.append(message)

    names = [(name.replace('_', '-').encode(), value.encode()) for name, value in headers.items()]
    scope = dict(type='http', method=method, path=path, headers=names)
    asyncio.run(guard(scope, receive, send))
    return sent[0]['status'], sent[0]['headers'], sent[1]['body'].decode()


@pytest.fixture
def guard(uploads: Uploads) -> Guard:
    return Guard(echo, Limits(megabytes=1), uploads)


def test_routes_of_the_page_only(guard: Guard) -> None:
    for path in ('/', '/config', '/assets/index.js', '/gradio_api/queue/data'):
        assert ask(guard, 'GET', path)[0] == 200
    for method, path in (
        ('GET', '/gradio_api/proxy=http://example.com/'),
        ('GET', '/monitoring'),
        ('GET', '/docs'),
        ('GET', '/gradio_api/runs'),
        ('POST', '/gradio_api/call/answer'),
        ('POST', '/gradio_api/process_recording'),
        ('POST', '/'),
        ('PUT', UPLOAD),
    ):
        status, _, said = ask(guard, method, path)
        assert (status, said) == (404, 'There is no such address.'), path


def test_files_of_the_page_only(guard: Guard, uploads: Uploads) -> None:
    assert ask(guard, 'GET', f'{FILE}{BLUE}')[0] == 200
    link = Path(uploads.folder, 'link')
    link.symlink_to('/etc/passwd')
    up = '/..' * 20
    for path in ('/etc/passwd', link, f'{uploads.folder}{up}/etc/passwd', 'http://example.com/a'):
        assert ask(guard, 'GET', f'{FILE}{path}')[0] == 403, path


def test_questions_about_files_of_the_page_only(guard: Guard, uploads: Uploads) -> None:
    def body(path: object) -> bytes:
        return json.dumps({'data': ['text', [{'video': {'path': path, 'url': None}}]]}).encode()

    good = body(f'{uploads.folder}/deleted.mp4')
    assert ask(guard, 'POST', JOIN, good)[::2] == (200, good.decode())  # replayed to the app
    for path in ('/etc/passwd', 'http://169.254.169.254/latest', ['a'], None, 1):
        assert ask(guard, 'POST', JOIN, body(path))[0] == 403, path
    assert ask(guard, 'POST', JOIN, b'{')[0] == 400
    assert ask(guard, 'POST', JOIN, b'[' * 10**5)[0] == 400
    assert ask(guard, 'POST', JOIN, b' ' * (LARGEST_QUESTION + 1))[0] == 413


def test_sizes_of_uploads(guard: Guard, uploads: Uploads) -> None:
    assert ask(guard, 'POST', UPLOAD, content_length='1000000')[0] == 200
    status, _, said = ask(guard, 'POST', UPLOAD, content_length='2500000')
    assert (status, said) == (413, 'The file has 2.4 MB: at most 1 MB are allowed.')
    assert ask(guard, 'POST', UPLOAD)[0] == 411
    Path(uploads.folder, 'waiting').write_bytes(bytes(8_000_000))
    assert ask(guard, 'POST', UPLOAD, content_length='1000000')[0] == 507
    assert ask(guard, 'POST', UPLOAD, content_length='100000')[0] == 200


def test_headers_keep_the_browser_on_the_page(guard: Guard) -> None:
    for path in ('/', '/nowhere'):
        headers = ask(guard, 'GET', path)[1]
        (policy,) = (value for name, value in headers if name == b'content-security-policy')
        assert b"default-src 'self'" in policy and b'*' not in policy and b'http' not in policy
