"""Two questions under one name: logs that share the names of queries are compared by what was asked."""

import hashlib
from collections.abc import Sequence

import numpy as np

from cofail_lab.data.names import clean_text, counted, shorten
from cofail_lab.grades import Grades


def content_key(prompt: str) -> str:
    """Hex digest of a prompt up to white space."""
    return hashlib.sha256(" ".join(prompt.split()).encode(errors="surrogatepass")).hexdigest()


def find_conflicts(parts: Sequence[Grades], rows: Sequence[np.ndarray]) -> str:
    """In words, how many queries of one name ask different things in different matrices, with an example; else empty.

    Digests of the content (``per_query["content"]``) are compared where two matrices have them by the same scheme, else
    their prompts up to white space. Where only one of two matrices has either, nothing is known.

    Args:
        parts: the matrices.
        rows: per matrix, the joined row of each of its queries.
    """
    asked: dict[tuple[int, str], tuple[str, str, str]] = {}  # (row, scheme) -> text, query, source
    digested: dict[int, set[str]] = {}  # row -> schemes of the digests seen
    conflicts: dict[int, tuple[tuple[str, str, str], tuple[str, str, str]]] = {}
    for part, here in zip(parts, rows, strict=True):
        contents = part.per_query.get("content", [""] * len(here))
        prompts = part.per_query.get("prompt", [""] * len(here))
        for i, row in enumerate(here.tolist()):
            content, prompt = str(contents[i]), " ".join(str(prompts[i]).split())
            scheme = content.partition(":")[0]
            mine = (prompt or content, part.queries[i], part.source)
            if content:
                known = asked.setdefault((row, f"{scheme}:"), (content, *mine[1:]))
                if known[0] != content:
                    first = asked.get((row, ""), known)
                    conflicts.setdefault(row, (first, mine))
            compared = content and scheme in digested.get(row, set())
            if prompt and not compared:
                known = asked.setdefault((row, ""), mine)
                if known[0] != prompt:
                    conflicts.setdefault(row, (known, mine))
            if content:
                digested.setdefault(row, set()).add(scheme)
    if not conflicts:
        return ""
    (text, query, source), (other, _, elsewhere) = next(iter(conflicts.values()))
    example = f"{shorten(text, 40)!r} in {shorten(source)}, {shorten(other, 40)!r} in {shorten(elsewhere)}"
    if text == other:
        # What else belongs to the question, such as its reference answer, is not the same.
        example = f"{shorten(text, 40)!r} has another digest in {shorten(source)} than in {shorten(elsewhere)}"
    one = len(conflicts) == 1
    return (
        f"{counted(len(conflicts), 'query')} of the same name {'asks' if one else 'ask'} something else in another "
        f"file, such as {shorten(query)!r}: {example}"
    )


def two_questions(n: int, query: str, first: str, other: str) -> str:
    """In words, that ``n`` queries of one file have several questions each, with an example and two of its texts."""
    texts = f"{shorten(clean_text(first), 40)!r} and {shorten(clean_text(other), 40)!r}"
    if first == other:
        # What else belongs to the question, such as its reference answer, is not the same.
        texts = f"{shorten(clean_text(first), 40)!r} with two digests"
    return (
        f"{counted(n, 'query')} with different prompts under one name, such as {shorten(query)!r}: {texts}; every "
        "question needs its own name, or data.join=id (of a data frame: no column of prompts) takes them for one"
    )
