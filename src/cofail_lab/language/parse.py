"""From text to a tree, by a white list: what is not in it is refused in one line, and nothing is ever run.

Python's own parser gives the syntax tree. Before it sees a text, its length, characters, depth and numbers are limited,
so that no text can make it slow or deep; afterwards only numbers, names, calls and operators of `tree` are taken over.
"""

import ast
import re
from fractions import Fraction
from math import isinf

from cofail_lab.errors import InputError
from cofail_lab.language.tree import FUNCTIONS, Name, Node, Number, Operation, is_statement, walk

MAX_LENGTH, MAX_DEPTH, MAX_NODES, MAX_DIGITS, MAX_EXPONENT = 2000, 25, 200, 15, 400

_TOKEN = re.compile(
    r"\s*(?:(?P<number>(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d{1,3})?(?![\w.]))|(?P<name>[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)?)"
    r"|(?P<symbol>\*\*|<=|>=|==|[-+*/<>(),]))",
    re.ASCII,
)
_ARITHMETIC: dict[type[ast.operator], str] = {ast.Add: "+", ast.Sub: "-", ast.Mult: "*", ast.Div: "/", ast.Pow: "**"}
_COMPARISON: dict[type[ast.cmpop], str] = {ast.Lt: "<", ast.LtE: "<=", ast.Gt: ">", ast.GtE: ">=", ast.Eq: "=="}
_WORDS = {"and", "or", "not", "implies"}
_RESERVED = {"if", "else", "lambda", "for", "in", "is", "None", "True", "False", "import", "await", "yield", "async"}
# What `implies` is called for Python's parser; nobody else may.
_IMPLIES = "implies_"
_RESERVED.add(_IMPLIES)


def parse(text: object, field: str) -> Node:
    """The tree of a statement.

    Args:
        text: such as ``ratio_one_factor(m) > 1 and m >= 3``.
        field: where it stands, for messages.

    Raises:
        InputError: it is not a statement of the language; one line says what is wrong and where.
    """
    if not isinstance(text, str) or not text.strip():
        given = "null" if text is None else repr(text)
        raise InputError(f"{field}: {given} is not a statement such as 'ratio_one_factor(m) > 1'")
    if len(text) > MAX_LENGTH:
        raise InputError(f"{field}: {len(text):,} characters; at most {MAX_LENGTH:,} are accepted")
    tokens = _tokens(text, field)
    written = " ".join(token for token, _ in _arrows(tokens))
    try:
        parsed = ast.parse(written, mode="eval")
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        raise InputError(f"{field}: {_shown(text)} is not a statement: brackets and operators do not match") from None
    # Before it is read, by recursion.
    if sum(isinstance(part, ast.expr) for part in ast.walk(parsed)) > MAX_NODES:
        raise InputError(f"{field}: more than {MAX_NODES} numbers, names and operations")
    node = _Reader(field).node(parsed.body)
    if not is_statement(node):
        raise InputError(f"{field}: {_shown(text)} is a number; a statement compares, as in {_shown(text)} > 0")
    return node


def _tokens(text: str, field: str) -> list[tuple[str, int]]:
    """Words, numbers and symbols with their places."""
    tokens, at, depth, text = [], 0, 0, text.rstrip()
    while at < len(text):
        match = _TOKEN.match(text, at)
        if match is None:
            there = len(text) - len(text[at:].lstrip())
            raise InputError(f"{field}: {text[there : there + 12]!r} at character {there + 1} is not in the language")
        word = match[match.lastgroup or 0]
        if match["number"] and sum(c.isdigit() for c in word.lower().partition("e")[0]) > MAX_DIGITS:
            raise InputError(f"{field}: a number of {len(word)} characters; at most {MAX_DIGITS} digits are accepted")
        if match["number"] and float(word) == 0 and re.match(r"[0.]*[1-9]", word):
            raise InputError(f"{field}: {word} is too close to 0; numbers from 1e-300 are accepted")
        if word in _RESERVED:
            raise InputError(f"{field}: {word!r} at character {match.start(match.lastgroup or 0) + 1} is no name here")
        depth += (word == "(") - (word == ")")
        if depth > MAX_DEPTH:
            raise InputError(f"{field}: brackets nested deeper than {MAX_DEPTH}")
        tokens.append((word, match.start(match.lastgroup or 0)))
        at = match.end()
    return tokens


def _arrows(tokens: list[tuple[str, int]]) -> list[tuple[str, int]]:
    """``a implies b`` written as a call, which Python's parser knows; it binds weaker than ``or``, to the right."""
    part, parts = [], []
    depth = 0
    for token in tokens:
        depth += (token[0] == "(") - (token[0] == ")")
        if depth == 0 and token[0] in (",", "implies"):
            parts.append((part, token))
            part = []
        else:
            part.append(token)
    done = _inside(part)
    for before, separator in reversed(parts):
        if separator[0] == ",":
            done = [*_inside(before), separator, *done]
        else:
            first, rest = _up_to_comma(done)
            done = [(_IMPLIES, separator[1]), ("(", 0), *_inside(before), (",", 0), *first, (")", 0), *rest]
    return done


def _up_to_comma(tokens: list[tuple[str, int]]) -> tuple[list[tuple[str, int]], list[tuple[str, int]]]:
    depth = 0
    for place, (word, _) in enumerate(tokens):
        depth += (word == "(") - (word == ")")
        if word == "," and depth == 0:
            return tokens[:place], tokens[place:]
    return tokens, []


def _inside(tokens: list[tuple[str, int]]) -> list[tuple[str, int]]:
    """The same within every pair of brackets."""
    done, inner, depth = [], [], 0
    for token in tokens:
        depth -= token[0] == ")"
        if depth == 0 and token[0] == ")":
            done += _arrows(inner)
            inner = []
        (done if depth <= 0 else inner).append(token)
        depth += token[0] == "("
    return done + inner


class _Reader:
    """Takes over what the white list has; refuses the rest."""

    def __init__(self, field: str) -> None:
        self._field = field

    def node(self, node: ast.AST) -> Node:
        """The tree of a piece of syntax."""
        match node:
            case ast.Constant(value=int() | float() as value) if not isinstance(value, bool):
                if isinf(value):
                    raise InputError(f"{self._field}: a number beyond 1e308")
                return Number(Fraction(repr(value)))
            case ast.UnaryOp(op=ast.USub() | ast.UAdd() as sign, operand=operand):
                part = self._number(operand)
                return Operation("neg", (part,)) if isinstance(sign, ast.USub) else part
            case ast.UnaryOp(op=ast.Not(), operand=operand):
                return Operation("not", (self._statement(operand),))
            case ast.BinOp(left=left, op=op, right=right) if type(op) in _ARITHMETIC:
                parts = self._number(left), self._number(right)
                if isinstance(op, ast.Pow):
                    self._check_power(parts[1])
                return Operation(_ARITHMETIC[type(op)], parts)
            case ast.BoolOp(op=op, values=values):
                parts = tuple(map(self._statement, values))
                return Operation("and" if isinstance(op, ast.And) else "or", parts)
            case ast.Compare(left=left, ops=ops, comparators=others):
                return self._compared(left, ops, others)
            case ast.Call(func=func, args=args, keywords=[]):
                return self._called(func, args)
            case ast.Name() | ast.Attribute():
                return self._named(node, ())
        raise InputError(f"{self._field}: {_shown(ast.unparse(node))} is not in the language")

    def _number(self, node: ast.AST) -> Node:
        part = self.node(node)
        if is_statement(part):
            raise InputError(f"{self._field}: {_shown(ast.unparse(node))} is true or false; a number is needed there")
        return part

    def _statement(self, node: ast.AST) -> Node:
        part = self.node(node)
        if not is_statement(part):
            raise InputError(f"{self._field}: {_shown(ast.unparse(node))} is a number; a comparison is needed there")
        return part

    def _compared(self, left: ast.AST, ops: list[ast.cmpop], others: list[ast.expr]) -> Node:
        """``a < b <= c`` is ``a < b and b <= c``."""
        if any(type(op) not in _COMPARISON for op in ops):
            raise InputError(f"{self._field}: a comparison is one of < <= > >= ==")
        sides = [self._number(left), *map(self._number, others)]
        pairs = [Operation(_COMPARISON[type(op)], (a, b)) for op, a, b in zip(ops, sides[:-1], sides[1:], strict=True)]
        return pairs[0] if len(pairs) == 1 else Operation("and", tuple(pairs))

    def _called(self, func: ast.AST, args: list[ast.expr]) -> Node:
        name = func.id if isinstance(func, ast.Name) else ""
        if name == _IMPLIES:
            if len(args) != 2:
                raise InputError(f"{self._field}: implies stands between two statements")
            return Operation("implies", tuple(map(self._statement, args)))
        if name in FUNCTIONS:
            if len(args) < FUNCTIONS[name] or (len(args) > FUNCTIONS[name] and name not in ("min", "max")):
                wanted = "two or more numbers are" if name in ("min", "max") else "one number is"
                raise InputError(f"{self._field}: {name} of {len(args)} numbers; {wanted} accepted")
            return Operation(name, tuple(map(self._number, args)))
        return self._named(func, tuple(map(self._number, args)))

    def _named(self, node: ast.AST, arguments: tuple[Node, ...]) -> Node:
        match node:
            case ast.Name(id=name):
                law = ""
            case ast.Attribute(value=ast.Name(id=law), attr=name):
                pass
            case _:
                raise InputError(f"{self._field}: {_shown(ast.unparse(node))} is not in the language")
        if name.startswith("_") or law.startswith("_"):
            raise InputError(f"{self._field}: {_shown(ast.unparse(node))} is not in the language")
        return Name(law, name, arguments)

    def _check_power(self, exponent: Node) -> None:
        for part in walk(exponent):
            if isinstance(part, Number) and abs(part.value) > MAX_EXPONENT:
                raise InputError(
                    f"{self._field}: the exponent {float(part.value):g}; numbers up to {MAX_EXPONENT} are accepted"
                )
            if isinstance(part, Operation) and part.symbol in ("**", "exp"):
                raise InputError(f"{self._field}: a power in an exponent is not in the language")


def _shown(text: str) -> str:
    """A piece of text for a message, not too long."""
    return repr(text if len(text) <= 60 else text[:57] + "...")
