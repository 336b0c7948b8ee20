"""The page in headless Chromium, from a real ``actionclip serve``.

Skips without Gradio, Selenium or Chromium, unless ACTIONCLIP_BROWSER=required (as in .ci/run).
ACTIONCLIP_SCREENSHOTS names a folder that keeps the screenshots; docs/ has them from here.
"""

import json
import os
import re
import shutil
import signal
import subprocess
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from importlib.util import find_spec
from pathlib import Path
from types import SimpleNamespace

import pytest

from actionclip_mm.utils.carried_files import carried

BLUE = carried('data/mini_clip/samples') / 'three_blue_triangles.mp4'


NEEDED = {
    'Gradio (extra demo)': find_spec('gradio'),
    'Selenium': find_spec('selenium'),
    'chromium': shutil.which('chromium') or shutil.which('chromium-browser'),
    'chromedriver (package chromium-driver)': shutil.which('chromedriver'),
}
ABSENT = ', '.join(name for name, found in NEEDED.items() if not found)
REQUIRED = os.environ.get('ACTIONCLIP_BROWSER') == 'required'
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(bool(ABSENT) and not REQUIRED, reason=f'not installed: {ABSENT}'),
]
FLAGS = (
    '--headless=new', '--no-sandbox', '--disable-dev-shm-usage', '--disable-gpu',
    '--disable-background-networking', '--disable-component-update', '--no-first-run',
    '--window-size=1240,1180', '--force-device-scale-factor=1', '--hide-scrollbars',
    '--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE 127.0.0.1',
)  # fmt: skip
SHAPES = 'three blue triangles\nfour blue triangles\nblue shapes\nthree red circles'
OWN = ('data:', 'blob:', 'chrome://')  # addresses within the page and the browser
HOSTILE = '<img src=x onerror="window.hacked=1"><script>window.hacked=1</script>'


@pytest.fixture
def page(start_tool: Callable) -> Iterator[SimpleNamespace]:
    """A running page: its address, process and folder of uploads."""
    assert not ABSENT, f'not installed: {ABSENT}'
    options = ['--port', 0, '--max-megabytes', 1, '--max-labels', 20]
    process = start_tool('serve', *options)
    lines = []
    for line in process.stdout:
        lines.append(line)
        if 'Serving on' in line:
            break
    else:
        pytest.fail(''.join(lines))
    address = re.search(r'http://127\.0\.0\.1:\d+', line)[0]
    folders = Path(os.environ.get('TMPDIR', '/tmp')).glob('actionclip_serve_*')
    folder = max(folders, key=lambda path: path.stat().st_mtime)
    yield SimpleNamespace(address=address, process=process, folder=folder)
    process.send_signal(signal.SIGTERM)
    try:
        said, _ = process.communicate(timeout=60)
    finally:
        process.kill()
    assert process.returncode == 143
    assert said == '\nTerminated: the page is closed and its uploads are deleted.\n'
    assert not folder.exists()


@pytest.fixture
def browser(tmp_path: Path) -> Iterator:
    """Chromium that notes its requests and cannot reach the network."""
    from selenium import webdriver

    options = webdriver.ChromeOptions()
    options.binary_location = NEEDED['chromium']
    for flag in (*FLAGS, f'--user-data-dir={tmp_path / "profile"}'):
        options.add_argument(flag)
    options.set_capability('goog:loggingPrefs', {'performance': 'ALL', 'browser': 'ALL'})
    service = webdriver.ChromeService(shutil.which('chromedriver'))
    driver = webdriver.Chrome(options, service)
    yield driver
    driver.quit()


class Visitor:
    """What a visitor does on the page."""

    def __init__(self, browser, shots: Path) -> None:
        self.browser, self.shots = browser, shots

    def wait(self, condition: Callable, what: str = ''):
        """The first true value of a function of the browser."""
        from selenium.webdriver.support.wait import WebDriverWait

        return WebDriverWait(self.browser, 60).until(condition, what)

    def find(self, css: str, text: str = ''):
        """The first element of a selector that contains a text."""

        def found(browser):
            items = browser.find_elements('css selector', css)
            return next((item for item in items if text in item.get_property('textContent')), None)

        return self.wait(found, f'{css} {text}')

    def upload(self, path: Path) -> None:
        self.browser.execute_script(
            'document.querySelector("#video button[aria-label=Clear]")?.click()'
        )
        self.find('#video input[type=file]').send_keys(str(path))

    def type(self, css: str, text: str) -> None:
        self.browser.execute_script('arguments[0].value = ""', self.find(css))
        self.find(css).send_keys(text)

    def ask(self) -> None:
        self.find('#ask').click()

    def shot(self, name: str) -> None:
        self.browser.save_screenshot(str(self.shots / f'{name}.png'))


@pytest.fixture
def visitor(page: SimpleNamespace, browser, tmp_path: Path) -> Visitor:
    """A visitor who has just opened the page."""
    shots = Path(os.environ.get('ACTIONCLIP_SCREENSHOTS', tmp_path))
    shots.mkdir(parents=True, exist_ok=True)
    browser.get(page.address)
    visitor = Visitor(browser, shots)
    visitor.find('#ask')
    return visitor


def uploads_of(page: SimpleNamespace) -> list[Path]:
    return [path for path in page.folder.rglob('*') if path.is_file()]


def check_an_upload(visitor: Visitor, page: SimpleNamespace) -> None:
    """It is answered and deleted; other labels are answered from memory, and shown as text."""
    visitor.upload(BLUE)
    visitor.find('#video video')
    assert [path.name for path in uploads_of(page)] == [BLUE.name]
    visitor.type('#labels textarea', SHAPES)
    visitor.ask()
    assert 'three blue triangles' in visitor.find('.best').text
    assert len(visitor.browser.find_elements('css selector', '.frames figure')) == 8
    assert not visitor.browser.find_elements('css selector', '.bars .none')
    assert 'a photo of action three blue triangles' in visitor.find('.sentences').text
    assert not uploads_of(page)
    visitor.shot('serve')
    visitor.type('#labels textarea', f'{HOSTILE}\na red thing\nthree blue triangles')
    visitor.find('#none input').click()
    visitor.ask()  # again, from the frames in memory
    visitor.find('.bars .name', text=HOSTILE)
    visitor.find('.bars .none')
    assert visitor.browser.execute_script('return window.hacked') is None


def check_errors(visitor: Visitor, tmp_path: Path) -> None:
    """Each is one sentence on the page."""
    visitor.browser.refresh()
    visitor.ask()
    visitor.find('.problem', text='Choose a video')
    visitor.find('.gallery-item').click()
    visitor.find('#video video')
    visitor.type('#labels textarea', '\n'.join(f'label {n}' for n in range(21)))
    visitor.ask()
    visitor.find('.problem', text='At most 20 labels are allowed, got 21.')
    (tmp_path / 'holiday.mp4').write_text('not a video\n' * 100)
    visitor.type('#labels textarea', SHAPES)
    visitor.upload(tmp_path / 'holiday.mp4')
    visitor.find('.welcome')
    visitor.ask()
    visitor.find('.problem', text='holiday.mp4: it is a text file, not a video file')
    visitor.find('.toast-close').click()  # Gradio's own: it cannot be played
    visitor.wait(lambda browser: not browser.find_elements('css selector', '.toast-body'))
    visitor.shot('serve_error')
    (tmp_path / 'large.mp4').write_bytes(bytes(2_000_000))
    visitor.upload(tmp_path / 'large.mp4')
    visitor.find('.toast-body', text='exceed the maximum allowed size of 1.0 Mb')


def check_requests(visitor: Visitor, page: SimpleNamespace) -> None:
    """Nothing was loaded from elsewhere: fonts, scripts, frames, workers, telemetry."""
    asked = set()
    for entry in visitor.browser.get_log('performance'):
        event = json.loads(entry['message'])['message']
        if event['method'] == 'Network.requestWillBeSent':
            asked.add(event['params']['request']['url'])
        assert event['method'] != 'Network.webSocketCreated'
    assert len(asked) > 20
    assert not [url for url in asked if not url.startswith((page.address, *OWN))]
    said = [entry['message'] for entry in visitor.browser.get_log('browser')]
    assert not [line for line in said if 'Content Security Policy' in line]


def status(address: str, data: bytes | None = None) -> int:
    try:
        with urllib.request.urlopen(urllib.request.Request(address, data)) as answer:
            return answer.status
    except urllib.error.HTTPError as error:
        return error.code


def check_files(page: SimpleNamespace, tmp_path: Path) -> None:
    """No file of another folder is served or answered."""
    secret = tmp_path / 'secret.mp4'
    secret.write_text('secret')
    link = page.folder / 'link.mp4'
    link.symlink_to(secret)
    up = '/..' * 20
    here = Path(__file__).resolve()
    file = f'{page.address}/gradio_api/file='
    assert status(f'{file}{BLUE}') == 200
    for path in (
        secret, link, '/etc/passwd', f'{page.folder}{up}/etc/passwd', f'{BLUE.parent}/../README.md',
        f'{BLUE.parent}/%2e%2e/README.md', f'{page.folder}/%2e%2e%2f%2e%2e/etc/passwd', here,
        'setup.py', '//etc/passwd', 'http://127.0.0.1:1/', page.folder,
    ):  # fmt: skip
        assert status(f'{file}{path}') == 403, path
    for path in ('static/..%2f..%2f..%2froutes.py', 'assets/%2e%2e/index.html', 'svelte/../../x'):
        assert status(f'{page.address}/{path}') >= 400, path
    for path in (secret, link, '/etc/passwd', 'http://127.0.0.1:1/'):
        question = dict(data=[dict(path=str(path)), 'a', 'cloze', '', True], fn_index=0)
        body = json.dumps(dict(question, session_hash='x')).encode()
        assert status(f'{page.address}/gradio_api/queue/join', body) == 403, path
    link.unlink()


def check_taken_port(page: SimpleNamespace, run_tool: Callable) -> None:
    """A second page on the same port is refused before its model is built."""
    port = page.address.rpartition(':')[2]
    said = run_tool('serve', '--port', port, ok=False)
    assert said == (
        f'actionclip serve: error: 127.0.0.1:{port} cannot be used (Address already in use): '
        'choose another --port, or --port 0 for a free one.\n'
    )


def test_a_visit(
    visitor: Visitor, page: SimpleNamespace, run_tool: Callable, tmp_path: Path
) -> None:
    """One test, so that parallel runs start one server and one browser."""
    check_an_upload(visitor, page)
    check_errors(visitor, tmp_path)
    check_requests(visitor, page)
    check_files(page, tmp_path)
    check_taken_port(page, run_tool)


def test_ctrl_c_ends_it(start_tool: Callable) -> None:
    process = start_tool('serve', '--port', 0)
    try:
        assert any('Serving on' in line for line in process.stdout)
        process.send_signal(signal.SIGINT)
        said, _ = process.communicate(timeout=60)
    except subprocess.TimeoutExpired:
        process.kill()
        raise
    assert process.returncode == 130
    assert said == '\nInterrupted: the page is closed and its uploads are deleted.\n'
