"""What the site needs of pages that are also read as plain files: links that leave the folder of the documentation.

MkDocs calls these functions by their names.
"""

import re
from pathlib import Path
from typing import Any

# Of CONTRIBUTING.md, which is at the top of the tree and is a page of the site.
_TO_DOCS = re.compile(r"\]\(docs/")
_TO_CONTRIBUTING = re.compile(r"\]\((\.\./)+CONTRIBUTING\.md")


def on_page_markdown(markdown: str, page: Any, config: Any, **_: Any) -> str:
    """The text of a page, its links as they are within the site."""
    if page.file.src_uri == "contributing.md":
        text = (Path(config.config_file_path).parent / "CONTRIBUTING.md").read_text(encoding="utf-8")
        markdown = _TO_DOCS.sub("](", text)
    up = "../" * page.file.src_uri.count("/")
    return _TO_CONTRIBUTING.sub(f"]({up}contributing.md", markdown)
