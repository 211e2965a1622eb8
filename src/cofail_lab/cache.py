"""The folder for data that is kept between runs and can be computed again."""

import os
from pathlib import Path


def cache_folder() -> Path:
    """The cache folder of the lab in the user's cache, by the XDG rules; it is not created here.

    Raises:
        RuntimeError: no home folder is known.
    """
    base = Path(os.environ.get("XDG_CACHE_HOME", ""))
    if not base.is_absolute():  # unset or empty; the XDG specification says to ignore a relative path
        base = Path.home() / ".cache"
    return base / "cofail-lab"
