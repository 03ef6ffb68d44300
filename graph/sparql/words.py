"""The keywords of a query of SPARQL, told from the same letters in its texts, names and comments."""

import re
from collections.abc import Iterable

_SKIPPED = re.compile(
    r"\"\"\".*?\"\"\"|'''.*?'''|\"(?:[^\"\\\n]|\\.)*\"|'(?:[^'\\\n]|\\.)*'|<[^<>\"{}|^`\\\s]*>|#[^\n]*"
    # Variables, languages and prefixed names; the look behind keeps a long word from being tried at each of its letters.
    r"|[?$]\w+|@[\w-]+|(?<![\w.-])[\w.-]*:(?:[\w:%.-]|\\.)*",
    re.DOTALL,
)


def keyword(query: str, words: Iterable[str]) -> str | None:
    """The first of some keywords that a query uses, in capitals; None when it uses none of them.

    >>> keyword("SELECT * from <urn:g> { ?from x:from 'FROM' } # FROM", ["FROM", "LOAD"])
    'FROM'
    >>> keyword("SELECT ?load { ?load x:pre-load 'LOAD'@load }", ["FROM", "LOAD"]) is None
    True
    """
    # A name may end in a dot that ends the triple, so what is taken out leaves a space.
    found = re.search(rf"\b({'|'.join(words)})\b", _SKIPPED.sub(" ", query), re.IGNORECASE)
    return found[1].upper() if found else None
