"""Where things that can be computed again are kept between runs."""

import os
from pathlib import Path


def cache_folder() -> Path:
    """The user's cache folder for the lab, by the XDG rules; not created here.

    Raises:
        RuntimeError: no home folder is known.
    """
    base = Path(os.environ.get("XDG_CACHE_HOME", ""))
    if not base.is_absolute():  # unset, empty or, by the XDG specification, to be ignored
        base = Path.home() / ".cache"
    return base / "cofail-lab"
