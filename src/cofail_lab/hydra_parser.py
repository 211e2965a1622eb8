"""Lets Hydra 1.3 build its argument parser on Python 3.14 and later.

Hydra gives one argument a help text that is an object, not a string, so that the text is made only when it is shown.
From Python 3.14 on, argparse checks every help text when the argument is added, and refuses such an object (Hydra's
issue 3121). This module can go when every release of Hydra that we allow gives a string.
"""

import argparse
from collections.abc import Callable
from importlib import import_module
from typing import Any


def ensure_parser_builds() -> None:
    """Replace Hydra's function that builds the parser, where that function fails; change nothing elsewhere."""
    # Two modules hold the function. They are imported by name: `hydra.main` as an attribute is a function.
    utils: Any = import_module("hydra._internal.utils")
    main: Any = import_module("hydra.main")
    build = utils.get_args_parser
    try:
        build()
    except (TypeError, ValueError):
        utils.get_args_parser = main.get_args_parser = lambda: _build_with_late_help(build)


def _build_with_late_help(build: Callable[[], argparse.ArgumentParser]) -> argparse.ArgumentParser:
    """Build the parser while a help text is set only after its argument is added, so that argparse cannot check it."""
    add_argument = argparse.ArgumentParser.add_argument

    def add_with_late_help(parser: argparse.ArgumentParser, *names: Any, **settings: Any) -> argparse.Action:
        text = settings.pop("help", None)
        action = add_argument(parser, *names, **settings)
        if text is not None:
            action.help = text
        return action

    argparse.ArgumentParser.add_argument = add_with_late_help  # type: ignore[method-assign]
    try:
        return build()
    finally:
        argparse.ArgumentParser.add_argument = add_argument  # type: ignore[method-assign]
