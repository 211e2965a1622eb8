"""Mutants of a function: its source with one thing changed, as a careless hand would change it."""

import ast
import copy
from collections.abc import Iterator
from typing import NamedTuple, TypeAlias

_COMPARED: dict[type[ast.cmpop], tuple[type[ast.cmpop], ...]] = {
    ast.Lt: (ast.LtE, ast.Gt),
    ast.LtE: (ast.Lt, ast.GtE),
    ast.Gt: (ast.GtE, ast.Lt),
    ast.GtE: (ast.Gt, ast.LtE),
    ast.Eq: (ast.NotEq,),
    ast.NotEq: (ast.Eq,),
    ast.Is: (ast.IsNot,),
    ast.IsNot: (ast.Is,),
    ast.In: (ast.NotIn,),
    ast.NotIn: (ast.In,),
}
_COMPUTED: dict[type[ast.operator], tuple[type[ast.operator], ...]] = {
    ast.Add: (ast.Sub,),
    ast.Sub: (ast.Add,),
    ast.Mult: (ast.Div,),
    ast.Div: (ast.Mult,),
    ast.FloorDiv: (ast.Div,),
    ast.Mod: (ast.FloorDiv,),
    ast.Pow: (ast.Mult,),
    ast.BitAnd: (ast.BitOr,),
    ast.BitOr: (ast.BitAnd,),
    ast.LShift: (ast.RShift,),
    ast.MatMult: (ast.Mult,),
}
# Field, and place in its list, from the function down to a node.
_Path: TypeAlias = tuple[tuple[str, int | None], ...]
# A call of one argument of these is that argument.
_UNWRAPPED = {"sqrt", "abs", "sorted", "log", "exp", "ceil", "floor", "log1p", "expm1", "square", "lower", "strip"}
_OTHER_CALLS = {
    "min": "max",
    "max": "min",
    "any": "all",
    "all": "any",
    "minimum": "maximum",
    "maximum": "minimum",
    "floor": "ceil",
    "ceil": "floor",
    "startswith": "endswith",
    "endswith": "startswith",
    "argmax": "argmin",
    "argmin": "argmax",
    "mean": "sum",
    "sum": "mean",
    "cdf": "sf",
    "sf": "cdf",
    "zeros": "ones",
    "ones": "zeros",
    "union": "intersection",
    "issubset": "issuperset",
}


class Mutant(NamedTuple):
    """Where and how a function is changed."""

    line: int
    what: str
    tree: ast.FunctionDef


def mutants(function: ast.FunctionDef) -> Iterator[Mutant]:
    """Every change of the kinds below, one at a time; the docstring and the annotations stay."""
    for path, node in list(_nodes(function, ())):
        for what, other in _changes(node, function):
            changed = _replaced(function, path, other)
            yield Mutant(getattr(node, "lineno", function.lineno), what, ast.fix_missing_locations(changed))


def _nodes(node: ast.AST, path: _Path) -> Iterator[tuple[_Path, ast.AST]]:
    """Every node of the body with its place."""
    for name, held in ast.iter_fields(node):
        if name in ("annotation", "returns", "decorator_list", "type_comment"):
            continue
        if isinstance(held, ast.AST):
            yield (*path, (name, None)), held
            yield from _nodes(held, (*path, (name, None)))
        elif isinstance(held, list):
            for k, one in enumerate(held):
                if isinstance(one, ast.AST) and not _is_text_alone(one):
                    yield (*path, (name, k)), one
                    yield from _nodes(one, (*path, (name, k)))


def _is_text_alone(node: ast.AST) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)


def _replaced(function: ast.FunctionDef, path: _Path, other: ast.AST | None) -> ast.FunctionDef:
    made = copy.deepcopy(function)
    holder: ast.AST = made
    for name, k in path[:-1]:
        holder = getattr(holder, name) if k is None else getattr(holder, name)[k]
    name, k = path[-1]
    if k is None:
        setattr(holder, name, other)
    elif other is None:
        getattr(holder, name)[k] = ast.Pass()
    else:
        getattr(holder, name)[k] = other
    return made


def _changes(node: ast.AST, function: ast.FunctionDef) -> Iterator[tuple[str, ast.AST | None]]:
    """What may stand in a node's place, with words; None takes a statement out."""
    if isinstance(node, ast.Compare):
        for k, compared in enumerate(node.ops):
            for kind in _COMPARED[type(compared)]:
                ops = [kind() if j == k else one for j, one in enumerate(node.ops)]
                yield "comparison", ast.Compare(node.left, ops, node.comparators)
    elif isinstance(node, ast.BinOp):
        if isinstance(node.left, ast.Constant | ast.JoinedStr) and isinstance(node.op, ast.Add | ast.Mod):
            return
        for computed in _COMPUTED.get(type(node.op), ()):
            yield "operation", ast.BinOp(node.left, computed(), node.right)
        yield "left side alone", node.left
        yield "right side alone", node.right
    elif isinstance(node, ast.BoolOp):
        yield "and, or", ast.BoolOp(ast.Or() if isinstance(node.op, ast.And) else ast.And(), node.values)
        for k in range(len(node.values)):
            rest = node.values[:k] + node.values[k + 1 :]
            yield "condition left out", rest[0] if len(rest) == 1 else ast.BoolOp(node.op, rest)
    elif isinstance(node, ast.UnaryOp):
        yield "sign or not", node.operand
    elif isinstance(node, ast.IfExp):
        yield "branches swapped", ast.IfExp(node.test, node.orelse, node.body)
    elif isinstance(node, ast.If | ast.While):
        turned = ast.UnaryOp(ast.Not(), node.test)
        yield "branch turned", type(node)(turned, node.body, node.orelse)
    elif isinstance(node, ast.Constant):
        yield from _constants(node.value)
    elif isinstance(node, ast.Call):
        yield from _calls(node)
    elif isinstance(node, ast.comprehension):
        for k in range(len(node.ifs)):
            rest = node.ifs[:k] + node.ifs[k + 1 :]
            yield "filter left out", ast.comprehension(node.target, node.iter, rest, node.is_async)
    elif isinstance(node, ast.Continue):
        yield "break", ast.Break()
    elif isinstance(node, ast.Break):
        yield "continue", ast.Continue()
    elif isinstance(node, ast.Expr | ast.Assign | ast.AugAssign | ast.Raise):
        yield "statement left out", None
    elif isinstance(node, ast.Subscript) and isinstance(node.ctx, ast.Load) and isinstance(node.slice, ast.Slice):
        yield "slice left out", node.value
    elif isinstance(node, ast.Tuple | ast.List) and isinstance(node.ctx, ast.Load) and len(node.elts) == 2:
        yield "pair swapped", type(node)(node.elts[::-1], node.ctx)
    elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load):
        names = [one.arg for one in (*function.args.args, *function.args.kwonlyargs) if one.arg != "self"]
        if node.id in names and len(names) > 1:
            yield "another argument", ast.Name(names[(names.index(node.id) + 1) % len(names)], ast.Load())


def _constants(value: object) -> Iterator[tuple[str, ast.AST]]:
    if isinstance(value, bool):
        yield "constant", ast.Constant(not value)
    elif isinstance(value, int):
        yield "constant", ast.Constant(value + 1)
        yield "constant", ast.Constant(value - 1)
    elif isinstance(value, float):
        yield "constant", ast.Constant(value * 1.1 if value else 0.01)
    elif isinstance(value, str) and value:
        yield "text", ast.Constant(f"{value}~")


def _calls(node: ast.Call) -> Iterator[tuple[str, ast.AST]]:
    name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
    if name in _UNWRAPPED and len(node.args) == 1:
        yield "call left out", node.args[0]
    if name in _UNWRAPPED and not node.args and isinstance(node.func, ast.Attribute):
        yield "call left out", node.func.value
    if name in _OTHER_CALLS:
        called = copy.copy(node.func)
        setattr(called, "attr" if isinstance(called, ast.Attribute) else "id", _OTHER_CALLS[name])
        yield "another function", ast.Call(called, node.args, node.keywords)
    for k in range(len(node.keywords)):
        yield "option left out", ast.Call(node.func, node.args, node.keywords[:k] + node.keywords[k + 1 :])
    plain = [not isinstance(one, ast.Starred) for one in node.args]
    for k in range(len(node.args) - 1):
        if plain[k] and plain[k + 1]:
            swapped = [*node.args[:k], node.args[k + 1], node.args[k], *node.args[k + 2 :]]
            yield "arguments swapped", ast.Call(node.func, swapped, node.keywords)
    if len(node.args) > 1 and plain[-1]:
        yield "last argument left out", ast.Call(node.func, node.args[:-1], node.keywords)
