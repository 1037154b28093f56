"""A look at a text before it is parsed: counting its tokens costs a hundredth of parsing them.

Only what is over a limit is refused here; everything else is the parser's to judge.
"""

import re
from typing import Final

from graphql_schema.errors import refusal
from graphql_schema.limits import Limits

# Possessive throughout, and what is not closed reaches to the end: no text makes it go back and try again.
#: So many characters of a string count as one more token: the parser makes a call for each, and where that call needs
#: a new piece of the interpreter's stack, ten times as long.
CHARACTERS: Final = 8
TOKEN: Final = re.compile(
    r'"""(?:[^"\\]++|\\"""|\\(?!""")|"(?!""))*+(?:"""|\Z)'
    r'|"(?:[^"\\\r\n]++|\\.)*+"?'
    r"|\#[^\r\n]*+"
    r"|\.\.\."
    r"|[A-Za-z_][A-Za-z0-9_]*+"
    r"|-?[0-9][0-9A-Za-z.+-]*+"
    r"|[^\s,\ufeff]",
    re.DOTALL,
)


def check_text(text: str, limits: Limits) -> None:
    """Refuse a text that is too long or has too many directives: `query_too_long`, `too_many_directives`."""
    tokens = comments = directives = 0
    if len(text) > limits.characters:
        raise _too_long(limits)
    for found in TOKEN.finditer(text):
        match text[found.start()]:
            case "#":
                comments += 1
            case "@":
                tokens += 1
                directives += 1
            case '"':
                # The parser takes as long for an escape as for a token, and looks at every other character, too.
                tokens += 1 + found[0].count("\\") + len(found[0]) // CHARACTERS
            case _:
                tokens += 1
        if tokens > limits.tokens or comments > limits.comments:
            raise _too_long(limits)
        if directives > limits.directives:
            raise refusal("too_many_directives", limit=limits.directives)


def _too_long(limits: Limits) -> Exception:
    return refusal("query_too_long", tokens=limits.tokens, comments=limits.comments, characters=limits.characters)
