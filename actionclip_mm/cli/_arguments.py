"""What the commands' argument parsers share: one-line errors, and checks of paths and numbers."""

import argparse
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NoReturn

WRONG_CALL = 2


class Parser(argparse.ArgumentParser):
    """Argument parser that answers a wrong call with one line on stderr and exit code 2."""

    def error(self, message: str) -> NoReturn:
        self.exit(WRONG_CALL, f'{self.prog}: error: {message}\n')

    @contextmanager
    def wrong_calls(self) -> Iterator[None]:
        """Turn the package's own errors, which are sentences for users, into :meth:`error`."""
        try:
            yield
        except KeyError as error:  # str(error) would be quoted
            self.error(str(error.args[0]))
        except ImportError as error:
            if error.name:  # a missing module, not our sentence about the installation
                raise
            self.error(str(error))
        except (ValueError, TypeError, OSError) as error:
            self.error(str(error))


def make_parser(command: str, description: str | None) -> Parser:
    """Parser of one command.

    Args:
        command: Name in the table of ``actionclip``.
        description: Help text, usually the module's docstring.
    """
    return Parser(
        prog=f'actionclip {command}',
        description=description,
        formatter_class=argparse.RawTextHelpFormatter,
    )


def positive(text: str) -> int:
    """Argument type: a positive integer."""
    number = int(text) if text.lstrip('-').isdigit() else 0
    if number < 1:
        raise argparse.ArgumentTypeError(f'must be a positive integer, got {text}')
    return number


def seconds(text: str) -> float:
    """Argument type: a positive number of seconds."""
    try:
        value = float(text)
    except ValueError:
        value = 0.0
    if not 0 < value < float('inf'):
        raise argparse.ArgumentTypeError(f'must be a positive number of seconds, got {text}')
    return value


def existing_file(text: str) -> Path:
    """Argument type: a file that exists."""
    if not Path(text).is_file():
        raise argparse.ArgumentTypeError(f"no such file: '{text}'")
    return Path(text)


def existing_folder(text: str) -> Path:
    """Argument type: a folder that exists."""
    if not Path(text).is_dir():
        raise argparse.ArgumentTypeError(f"no such folder: '{text}'")
    return Path(text)


def file_or_url(text: str) -> str:
    """Argument type: a file that exists, or an address that mmengine can read."""
    return text if '://' in text else str(existing_file(text))
