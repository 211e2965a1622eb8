"""Lets Hydra 1.3 build its argument parser on Python 3.14 and later.

Hydra gives one argument a help text that is an object, not a string, so that the text is made only when it is shown.
From Python 3.14 on, argparse checks every help text when the argument is added, and refuses such an object (Hydra's
issue 3121). This module can go when a release of Hydra that gives a string is the oldest one we allow.
"""

import argparse
from importlib import import_module
from typing import Any


class _LateHelpParser(argparse.ArgumentParser):
    """Adds an argument without its help text, which argparse then cannot check, and sets the text afterwards."""

    def add_argument(self, *names: Any, **settings: Any) -> argparse.Action:
        if "help" not in settings:
            return super().add_argument(*names, **settings)
        text = settings.pop("help")
        action = super().add_argument(*names, **settings)
        action.help = text
        return action


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


def _build_with_late_help(build: Any) -> argparse.ArgumentParser:
    parser_class = argparse.ArgumentParser
    argparse.ArgumentParser = _LateHelpParser
    try:
        return build()
    finally:
        argparse.ArgumentParser = parser_class
