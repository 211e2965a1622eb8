"""``python -m cofail_lab`` is ``cofail-lab``."""

from cofail_lab.cli import main

if __name__ == "__main__":
    main()
