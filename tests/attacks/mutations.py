"""Changes data and bytes at random, for the fuzzers."""

from __future__ import annotations

import copy
import random


def junk(random: random.Random, depth: int = 0):
    """Return anything that JSON knows."""
    tags = [
        "list",
        "dict",
        "array",
        "matrix",
        "scalar",
        "handle",
        "int",
        "tensor",
        "frame",
        "series",
        "index",
        "levels",
        "categories",
    ]
    tags += [
        "set",
        "tuple",
        "deque",
        "Counter",
        "Decimal",
        "defaultdict",
        "range",
        "complex",
        "torch",
    ]
    kind = random.randrange(14 if depth < 4 else 10)
    match kind:
        case 0:
            return random.choice([None, True, False, 0, -1, 2**31, 2**63, 10**400, -(2**53)])
        case 1:
            return random.choice([0.5, 1e308, float("nan"), float("inf"), -0.0])
        case 2:
            return random.choice(["", "x", "\ud800", "\x00", "a" * 5000, "float64", "O", "U9" * 9])
        case 3:
            return random.choice(
                ["<U1000000000", "V99999999", "f8,f8", "M8[ns]", "builtins", "type"]
            )
        case 4:
            return {}
        case 5:
            return {"array": {"dtype": random.choice(["<f8", "O", "<U9"]), "parts": [0] * 3}}
        case 6:
            return {
                "int": random.choice(["0x1", "-0x" + "f" * 3000, "1" * 9, "zz", "0x" + "0" * 99])
            }
        case 7:
            return {"handle": {"place": random.randrange(-2, 9), "type": "T", "bases": []}}
        case 8:
            base = random.choice(["BaseException", "KeyboardInterrupt", "object", "int", "OSError"])
            bases = [["__main__", "K"], ["builtins", base], ["builtins", "BaseException"]]
            return {"handle": {"place": 3, "type": "type", "name": "K", "bases": bases}}
        case 9:
            return {random.choice(tags): random.choice([None, 1, "x", [], {}, [1, 2], [[]]])}
        case 10:
            return [junk(random, depth + 1) for _ in range(random.randrange(4))]
        case 11:
            return {random.choice(tags): junk(random, depth + 1)}
        case 12:
            return {"list": [junk(random, depth + 1) for _ in range(random.randrange(4))]}
        case _:
            pairs = [[junk(random, depth + 1), junk(random, depth + 1)] for _ in range(2)]
            return {"dict": pairs}


def _nodes(tree, path=()):
    yield path
    if isinstance(tree, dict | list):
        for key, item in tree.items() if isinstance(tree, dict) else enumerate(tree):
            yield from _nodes(item, (*path, key))


def mutate_tree(tree, random: random.Random):
    """Return a tree with some of its nodes replaced, removed, doubled, or put elsewhere."""
    tree = copy.deepcopy(tree)
    for _ in range(random.randrange(1, 4)):
        paths = list(_nodes(tree))
        path = random.choice(paths)
        if not path:
            continue
        parent = tree
        for key in path[:-1]:
            parent = parent[key]
        match random.randrange(6):
            case 0 | 1 | 2:
                parent[path[-1]] = junk(random)
            case 3:
                del parent[path[-1]]
            case 4:
                other = tree
                for key in random.choice(paths):
                    if isinstance(other, dict | list) and (
                        isinstance(other, dict) or key < len(other)
                    ):
                        other = other.get(key) if isinstance(other, dict) else other[key]
                parent[path[-1]] = copy.deepcopy(other)
            case _ if isinstance(parent, list):
                parent += parent[:50] * random.randrange(3)
            case _:
                parent[random.choice(["x", "value", "error", "changed", "known"])] = junk(random)
    return tree


def mutate_bytes(part: bytes, random: random.Random) -> bytes:
    """Return bytes of which some are others, missing or doubled."""
    part = bytearray(part)
    for _ in range(random.randrange(1, 6)):
        place = random.randrange(len(part) + 1)
        match random.randrange(4):
            case 0 if part:
                part[place % len(part)] = random.randrange(256)
            case 1:
                del part[place : place + random.randrange(9)]
            case 2:
                part[place:place] = random.randbytes(random.randrange(9))
            case _:
                part[place:place] = part[: random.randrange(40)]
    return bytes(part)
