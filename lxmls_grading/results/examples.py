"""Answers as examples on a page about a class: without what tells whose they are, and short."""

from __future__ import annotations

import ast
import io
import re
import tokenize
from collections.abc import Iterable, Mapping

#: Characters of an answer that are read; lines of it that are shown, and characters of a line.
MAX_READ, MAX_LINES, MAX_COLUMNS = 20_000, 40, 120

#: What code binds at its top level: functions, classes and variables.
BOUND = re.compile(r"^(?:async[ ]+)?(?:def|class)[ ]+(\w+)|^(\w+)[ ]*(?::[^=\n]+)?=(?!=)", re.M)

#: Kinds of tokens that matter here, and those that hold text.
BETWEEN = (tokenize.NL, tokenize.COMMENT, tokenize.INDENT, tokenize.DEDENT)
TEXTS = (tokenize.STRING, getattr(tokenize, "FSTRING_MIDDLE", tokenize.STRING))

#: Ids that are shorter can be a part of any text.
SHORTEST_ID = 3


def answers_of(test: str, answers: Mapping[str, str]) -> tuple[str, ...]:
    """Return the names of the answers that a test is about.

    Parameters
    ----------
    test : str
        The source of the test cell.
    answers : mapping of str to str
        The sources of the answers above it, by name, in order.

    Returns
    -------
    names : tuple of str
        Of those that define what the test uses; where there are none, of the one right above it.
    """
    used = _names(test)
    names = [
        name
        for name, code in answers.items()
        if used & {each for found in BOUND.findall(code[:MAX_READ]) for each in found if each}
    ]
    return tuple(names or list(answers)[-1:])


def _names(source: str) -> set[str]:
    try:
        return {node.id for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Name)}
    except (SyntaxError, ValueError, RecursionError):  # magics, another language
        return set(re.findall(r"\w+", source))


def anonymous(code: str, student: str) -> str:
    """Return an answer as an example: short, without comments, docstrings and the student's id.

    Parameters
    ----------
    code : str
    student : str
        The id of who has written it.
    """
    lines = [_visible(line.rstrip()) for line in _without_words(code[:MAX_READ], student)]
    shown = [line for line in lines if line.strip()]
    if len(shown) > MAX_LINES or len(code) > MAX_READ:
        shown = [*shown[:MAX_LINES], "…"]
    return "\n".join(
        line if len(line) <= MAX_COLUMNS else f"{line[: MAX_COLUMNS - 1]}…" for line in shown
    )


def _without_words(code: str, student: str) -> Iterable[str]:
    """Return the lines of code without comments, texts that stand alone, and the student's id."""
    own_id = re.escape(student) if len(student) >= SHORTEST_ID else "(?!)"  # which fits nothing
    id_of_student = re.compile(rf"(?<!\w){own_id}(?!\w)", re.I)
    try:
        tokens = list(tokenize.generate_tokens(io.StringIO(code).readline))
    except Exception:  # code that is no Python, which is an answer, too
        return re.sub(r"#.*", "", id_of_student.sub("…", code)).split("\n")
    lines = code.split("\n")
    for place, token in reversed(list(enumerate(tokens))):
        if token.type == tokenize.COMMENT or _stands_alone(tokens, place):
            _replace(lines, token, "")
        elif token.type in TEXTS:
            text = id_of_student.sub("…", token.string)
            if text != token.string:
                _replace(lines, token, text)
    return lines


def _stands_alone(tokens: list[tokenize.TokenInfo], place: int) -> bool:
    """Whether a token is a text that is a whole statement, such as a docstring."""
    if tokens[place].type != tokenize.STRING:
        return False
    before = [t.type for t in tokens[max(0, place - 8) : place] if t.type not in BETWEEN]
    return tokens[place + 1].type == tokenize.NEWLINE and before[-1:] in ([], [tokenize.NEWLINE])


def _replace(lines: list[str], token: tokenize.TokenInfo, text: str) -> None:
    """Put a text in the place of a token, which may be longer than a line."""
    (first, start), (last, end) = token.start, token.end
    new = lines[first - 1][:start] + text + lines[last - 1][end:]
    lines[first - 1 : last] = new.split("\n")


def _visible(line: str) -> str:
    """Return a line without characters that are invisible or reverse the others."""
    return "".join(
        each if each.isprintable() else each.encode("unicode_escape").decode()
        for each in line.expandtabs(4)
    )
