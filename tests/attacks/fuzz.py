"""Sends the judge replies that no honest student kernel would send: random, mutated, forged.

    python -m tests.attacks.fuzz [--seconds 600] [--seed 1] [--target replies]

``make fuzz`` runs it. Nothing but the documented errors may come out, and each reply has a bounded
cost. Notebooks and outputs are fuzzed beside them (:mod:`tests.attacks.fuzz_texts`). What finds
something is kept in ``tests/attacks/fuzz_corpus``, and tried first in each later run. pytest runs
some thousands of inputs (``tests/attacks/test_fuzz.py``).
"""

from __future__ import annotations

import argparse
import base64
import copy
import hashlib
import io
import json
import math
import random
import resource
import time
import warnings
from collections import Counter, OrderedDict, defaultdict, deque
from collections.abc import Callable, Iterator
from contextlib import redirect_stderr, redirect_stdout, suppress
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd
import safetensors.numpy
import torch

from lxmls_grading.execution.connection import Connection
from lxmls_grading.execution.remote import CannotJudge
from lxmls_grading.kernel import wire
from lxmls_grading.kernel.objects import Objects
from lxmls_grading.kernel.shared import Shared, Sharing
from lxmls_grading.kernel.values import encode
from tests.attacks import fuzz_texts
from tests.attacks.mutations import junk, mutate_bytes, mutate_tree

#: Most seconds of a processor that one reply may take, however it was forged.
MOST_SECONDS = 10.0

#: Seconds between two lines that tell how far a run is.
PROGRESS = 10.0

#: What tests do with a value.
LOOKS = (
    *(repr, lambda v: v == 9, bool, lambda v: [*v][:3], np.asarray, lambda v: v - 1),
    *(hash, copy.deepcopy, lambda v: [[each, f"{each:>3}", each.upper()] for each in v]),
)

#: Names of errors that are forged.
ERRORS = [
    *("ValueError", "SystemExit", "KeyboardInterrupt", "GeneratorExit", "ExceptionGroup", "Mine"),
    *("UnicodeDecodeError", "OSError", "StopIteration", "AssertionError", "KeyError", "Warning"),
]

#: What a student might have.
STUDENT = """
import numpy as np
class Own(ValueError):
    def __init__(self, x):
        super().__init__(x, [1, 2])
        self.x = x
class Thing:
    def __init__(self, x): self.x = x
    def method(self): return self
class Special(list): pass
class Text(str): pass
def fails(kind, *given): raise kind(*given)
def own(): raise Own(3)
def change(items): items.append(7)
def talk(): print("text" * 20); import warnings; warnings.warn("old", DeprecationWarning)
things = [Thing(n) for n in range(5)]
special = Special([1, 2])
texts = [Text("a"), {Text("b"): (Text("c"), 1)}]
"""

#: Values of all kinds that are sent as values.
VALUES = [
    *(None, True, 3, -(2**70), 0.5, float("nan"), "text", "\ud800", b"bytes", bytearray(b"x")),
    *(1 + 2j, range(5), slice(1, None), ..., NotImplemented, [1, [2, (3, {4})]], deque([1])),
    {"a": 1, (1, 2): [None], 3: {"b": frozenset([1])}},
    *(Counter("aab"), OrderedDict(a=1), defaultdict(list, a=[1]), Decimal("1.5"), Fraction(1, 3)),
    *(date(2020, 1, 2), datetime(2020, 1, 2, 3), timedelta(1, 2)),
    *(np.arange(6.0).reshape(2, 3), np.array(1), np.array([1 + 2j]), np.array(["a", "bc"])),
    *(np.array([b"a"]), np.array([[1, None], ["x", [2]]], object), np.float32(0.5), np.int8(3)),
    *(np.array(["2020-01-01"], "M8[D]"), np.timedelta64(3, "s"), np.zeros((0, 3)), np.array(True)),
    pd.DataFrame({"a": [1, 2], "b": ["x", None]}, index=["p", "q"]),
    *(pd.Series([1.5, 2], name="s"), pd.Index(["a", "b"]), pd.RangeIndex(3)),
    pd.Series(pd.date_range("2020", periods=2)),
    pd.Series(["a", "b", "a"], dtype="category"),
    *(pd.Series([1, None], dtype="Int64"), pd.array(["a", None]), pd.NaT),
    *(pd.Series(pd.date_range("2020", periods=2, tz="UTC")), np.longdouble(1) / 3, deque([1], 2)),
]


@cache
def real_replies() -> list[list[bytes]]:
    """Return replies of an honest student kernel."""
    names: dict = {"__name__": "__main__"}
    exec(STUDENT, names)
    objects, shared = Objects(names), Shared(1)
    found = []

    def ask(operation, *given, **named):
        request = operation, given, tuple(named.items()), (), ()
        sharing = Sharing(shared, False, math.inf)
        parts = encode(request, lambda value: {"handle": value.place}, sharing=sharing)
        found.append(objects.answer(parts))

    class Place:
        def __init__(self, name):
            names_before = names[name]
            ask("name", name)
            self.place = objects.places[id(names_before)]

    for value in VALUES:
        names["value"] = value
        ask("name", "value")
    known = "Thing", "Own", "Special", "things", "special", "texts", "np", "fails", "nothing"
    for name in known:
        ask("name", name)
    for name in ("own", "talk"):
        ask("call", Place(name))
    ask("call", Place("change"), [1, 2])
    for operation, name in (("iter", "special"), ("len", "special"), ("class", "special")):
        ask(operation, Place(name))
    tensors = torch.arange(3.0), torch.tensor(2j), torch.ones(1, requires_grad=True) * 2
    for value in (*tensors, torch.float32, torch.Size([2, 3])):
        names["value"] = value
        ask("name", "value")
    return found


def anything(random: random.Random):
    """Return mostly what can be taken, else anything."""
    plain = [None, 1, 0.5, "text", {"list": [1, 2]}, {"tuple": [1]}, {"dict": [["a", 1]]}]
    plain += [{"tuple": [{"tuple": [{"list": [1, 2, 3]}, {"dict": []}]}, {"dict": []}]}]
    handle = {"handle": {"place": 7, "type": "T", "bases": [["__main__", "T"]]}}
    number = random.choice([1, -1, -2, -3, 2**80])
    shared = [{"shared": [number, random.choice(plain)]}, {"same": number}]
    if random.random() < 0.05:  # most have a number that they cannot have
        return random.choice(shared)
    return junk(random) if random.random() < 0.1 else random.choice([*plain, handle])


def changes(random: random.Random):
    """Return what a reply may tell of values that have changed."""
    pairs = [[random.choice([1, -1, None]), anything(random)] for _ in range(random.randrange(3))]
    return {"list": [{"list": pair} for pair in pairs]}


def forged_error(random: random.Random):
    """Return an error of which some parts are anything."""
    name = random.choice(ERRORS)
    bases = [["builtins", name], ["builtins", "BaseException"]]
    parts = {
        "class": {"handle": {"place": 1, "type": "type", "name": name, "bases": bases}},
        "args": {"list": [anything(random) for _ in range(random.randrange(6))]},
        "attributes": {
            "dict": [[key, anything(random)] for key in ("add_note", "args", "filename")]
        },
        "object": {"handle": {"place": 2, "type": name, "bases": bases}},
        "text": "a text",
        "line": "line 1",
    }
    if random.random() < 0.3:
        parts[random.choice(list(parts))] = junk(random)
    return {"dict": [[name, part] for name, part in parts.items()]}


def replies(random: random.Random) -> Iterator[list[bytes]]:
    """Yield replies without end, made from honest ones and from nothing."""
    honest = real_replies()
    yield from honest
    while True:
        parts = [*random.choice(honest)]
        match random.randrange(8):
            case 0:
                parts = [
                    random.randbytes(random.randrange(200)) for _ in range(random.randrange(4))
                ]
            case 1:
                parts[0] = mutate_bytes(parts[0], random)
            case 2:
                parts[1] = mutate_bytes(
                    parts[1] or safetensors.numpy.save({"0": np.ones(3)}), random
                )
            case 3:
                value = {"dict": [["printed", {"list": ["", ""]}], ["warnings", {"list": []}]]}
                value["dict"] += [["value", anything(random)], ["changed", changes(random)]]
                value["dict"] += [["followed", {"list": [1, -1, -2]}]]
                if random.random() < 0.5:
                    value["dict"][2:4] = [["error", forged_error(random)]]
                parts[0] = json.dumps(value).encode()
            case _:
                parts[0] = json.dumps(mutate_tree(json.loads(parts[0]), random)).encode()
        yield parts


def reply(value, arrays: dict | None = None) -> list[bytes]:
    """Return a reply with a value as the tree that is sent."""
    tree = {"dict": [["value", value], ["printed", {"list": ["", ""]}], ["warnings", {"list": []}]]}
    return [json.dumps(tree).encode(), safetensors.numpy.save(arrays) if arrays else b""]


def header(tensors: dict | str) -> bytes:
    """Return the bytes of arrays that are described so, as JSON or not yet, and have no data."""
    text = (tensors if isinstance(tensors, str) else json.dumps(tensors)).encode()
    return len(text).to_bytes(8, "little") + text


def _alike(count: int) -> dict:
    """Return numbers that hash alike for pandas."""
    folded = np.arange(1, count + 1, dtype=np.uint64)
    low = folded.copy()
    for _ in range(4):
        low = (folded ^ (low << np.uint64(11))) & np.uint64(2**32 - 1)
    keys = ((folded << np.uint64(33)) | low).astype(np.int64)
    return {"1": np.random.default_rng(0).permutation(keys)}


def bombs() -> Iterator[tuple[str, list[bytes]]]:
    """Yield replies that are small and whose values would not be."""
    big = {"0": np.zeros(2**22)}  # 32 MiB
    array = {"array": {"dtype": "<f8", "parts": [0]}}
    both = {"array": {"dtype": "<c16", "parts": [0, 0]}}
    content = {"dtype": "float64", "numbers": [0], "requires_grad": False, "grad": None}
    tensor = {"tensor": content | {"leaf": True}}
    for name, one in (("array", array), ("complex", both), ("tensor", tensor)):
        yield f"one {name} 16 000 times", reply({"list": [one] * 16_000}, big)
    cross = {"0": np.zeros((20_000, 1)), "1": np.zeros((1, 20_000))}
    for kind in ("<c16", np.dtype(np.longdouble).str):
        yield (
            f"parts of {kind} that broadcast",
            reply({"array": {"dtype": kind, "parts": [0, 1]}}, cross),
        )
    for kind in ("complex128", "float64"):
        broadcast = {"tensor": content | {"dtype": kind, "numbers": [0, 1], "leaf": True}}
        yield f"a tensor of {kind} that broadcasts", reply(broadcast, cross)
    key = {"handle": {"place": 1, "type": "T", "bases": [], "key": [0] * 100_000}}
    again = {"handle": {"place": 1, "type": "T", "bases": []}}
    yield "one derived tuple often", reply({"list": [key, *[again] * 10_000]})
    chain = {"bounded": [10**18, [1]]}
    yield "deques that could be long", reply({"list": [chain] * 10_000})
    yield (
        "long texts",
        reply({"array": {"dtype": "<U500000000", "shape": [2], "items": {"list": ["", ""]}}}),
    )
    empty = {"dtype": "F64", "shape": [10**9, 0], "data_offsets": [0, 0]}
    yield "rows of length 0", [reply(array)[0], header({"0": empty})]
    # Written as text: as a dictionary, it takes ten times as long.
    described = json.dumps(empty | {"shape": [0]})
    many = ", ".join(f'"{n}": {described}' for n in range(400_000))
    yield "many empty arrays", [reply(None)[0], header(f"{{{many}}}")]
    yield "a long range", reply({"range": [0, 10**18, 1]})
    index = {"range_index": [{"range": [0, 10**12, 1]}, None]}
    yield "a long index", reply(index)
    yield "a series of one number", reply({"series": [{"list": [1, "float64"]}, index, None]})
    yield "a frame of one number", reply({"frame": [{"list": [1]}, index, index]})
    names = {"array": {"dtype": "|O", "shape": [1], "items": {"list": ["a"]}}}
    short = {"range_index": [{"range": [0, 1, 1]}, None]}
    long = {"list": [names, "U500000000"]}
    yield "a series of long texts", reply({"series": [long, short, None]})
    codes = {"array": {"dtype": "|i1", "parts": [0]}}
    few = {"0": np.zeros(1, "int8")}
    yield "long levels", reply({"levels": [{"list": [index]}, {"list": [codes]}, None]}, few)
    million = {"range_index": [{"range": [0, 10**6, 1]}, None]}
    many_levels = [{"list": [each] * 5000} for each in (million, codes, None)]
    yield "levels of many", reply({"levels": many_levels}, few)
    yield "long categories", reply({"categories": [index, codes, False, None]}, few)
    yield (
        "columns that are ranges",
        reply({"list": [{"series": [{"list": [million, ""]}, million, None]}] * 200}),
    )
    yield (
        "intervals between ranges",
        reply({"list": [{"intervals": [million, million, "left", None]}] * 200}),
    )
    for name, length, count in [("categories", 80_000, 1), ("many categories", 5000, 200)]:
        keys = {"index": [{"list": [{"array": {"dtype": "<i8", "parts": [1]}}, "int64"]}, None]}
        known = {"categories": [keys, codes, False, None]}
        yield f"{name} that hash alike", reply({"list": [known] * count}, few | _alike(length))
    named = {"list": [{"array": {"dtype": "<i8", "parts": [1]}}, "category"]}
    alike = {"index": [named, None]}
    yield "a column of categories that hash alike", reply(alike, few | _alike(80_000))
    numbers = {"array": {"dtype": "<i8", "parts": [0]}}
    for kind in ("string", "object"):
        texts = {"index": [{"list": [numbers, kind]}, None]}
        yield f"numbers as {kind}", reply(texts, {"0": np.arange(2**23 - 1000)})
    for zone in ("dateutil//etc/passwd", "dateutil//proc/self/fd/0", "tzlocal()"):
        named = {"index": [{"list": [numbers, f"datetime64[ns, {zone}]"]}, None]}
        yield f"times in {zone}", reply(named, {"0": np.arange(3)})
    yield "a Decimal", reply({"Decimal": "1e999999999"})
    alike = [[n * (2**61 - 1), 0] for n in range(1, 33_000)]
    yield "keys that hash alike", reply({"dict": alike})
    yield "a set that hashes alike", reply({"set": [key for key, _ in alike]})
    place = {"type": "T", "bases": []}
    derived = [
        [[{"handle": place | {"place": n, "key": n * (2**61 - 1)}}, 0] for n in range(k, k + 440)]
        for k in range(1, 4400, 440)
    ]
    ordered = [{"OrderedDict": [{"dict": keys}]} for keys in derived]
    yield "derived keys that hash alike", reply({"list": ordered})
    yield "a Counter that hashes alike", reply({"Counter": [{"dict": alike}]})
    yield "100 000 keys", reply({"dict": [[n, n] for n in range(70_000)]})
    yield "nested lists", [b"[" * 500_000, b""]
    yield "nested tags", [b'{"list":[' * 100_000 + b"]}" * 100_000, b""]
    yield "a long number", [b"1" * 1_000_000, b""]
    yield "a long tagged number", reply({"int": "0x" + "f" * 1_000_000})
    place = {"type": "T", "bases": [["__main__", "T"]]}
    handles = [{"handle": place | {"place": n}} for n in range(14_000)]
    yield "many handles", reply({"list": handles})
    yield "one handle often", reply({"list": [{"handle": place | {"place": 1}}] * 14_000})
    bases = [["__main__", "E"], ["builtins", "BaseException"]]
    errors = [
        {"handle": {"place": n, "type": "type", "name": "E", "bases": bases}} for n in range(9000)
    ]
    yield "many classes of errors", reply({"list": errors})
    yield "printed without end", [
        json.dumps({"dict": [["value", 1], ["printed", {"list": ["x" * 400_000, "y" * 400_000]}],
                             ["warnings", {"list": []}]]}).encode(), b""]  # fmt: skip


@dataclass
class Tally:
    """What came of replies.

    Attributes
    ----------
    tried, accepted, refused, raised : int
        Replies in all; that gave a value; that were malformed; that gave an error of the student.
    slowest : float
        Seconds of the slowest reply.
    memory : int
        Bytes by which the largest memory of this process has grown.
    """

    tried: int = 0
    accepted: int = 0
    refused: int = 0
    raised: int = 0
    slowest: float = 0.0
    memory: int = 0
    kinds: Counter = field(default_factory=Counter)


def take(parts: list[bytes], tally: Tally) -> None:
    """Have a reply taken as the judge does, and look at its value as tests do."""
    start = time.process_time()
    link = Connection(lambda _: parts, lambda *_: {}, MOST_SECONDS)
    link.start_cell(() if tally.tried % 2 else None)
    given = [[1, 2], {"a": [1]}, np.zeros(3), {1}]
    for number, value in enumerate(given, 1):
        link.shared.add(number, value)
    tally.tried += 1
    try:
        decoded = link._reply([])
        link.in_step = True  # it is taken as a whole below
    except wire.ReplyError as error:
        tally.refused += 1
        tally.kinds[str(error).partition(":")[0][:40]] += 1
        decoded = None
    try:
        with redirect_stdout(io.StringIO()), redirect_stderr(io.StringIO()):
            value = link.do("name", *given)
    except CannotJudge:
        raise AssertionError("a reply has passed for a fault of the test") from None
    except (KeyboardInterrupt, GeneratorExit):
        raise AssertionError("a reply has ended the judge") from None
    except wire.ReplyError:
        assert decoded is None or "error" in decoded or decoded.get("changed")
    except BaseException:
        assert "error" in (decoded or {}), "an error that nobody has sent"
        tally.raised += 1
    else:
        assert decoded is not None
        tally.accepted += 1
        link.seconds = link.waited + 0.01  # all that is asked of it gets this very reply
        for look in LOOKS:
            silent = redirect_stdout(io.StringIO()), redirect_stderr(io.StringIO())
            with silent[0], silent[1], suppress(Exception, CannotJudge, SystemExit):
                look(value)
    seconds = time.process_time() - start
    tally.slowest = max(tally.slowest, seconds)
    assert seconds < MOST_SECONDS, f"{seconds:.1f} s"


def fuzz(seed: int, count: int = 0, seconds: float = 0) -> Tally:
    """Take replies, as many as are asked for or until time is up.

    Raises
    ------
    AssertionError
        If a reply does what none may; its note has the reply.
    """
    chance, tally = random.Random(seed), Tally()
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    end = time.monotonic() + seconds
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        for parts in replies(chance):
            if tally.tried >= count if count else time.monotonic() > end:
                break
            try:
                take(parts, tally)
                wire_reply(parts)
            except AssertionError as error:
                error.add_note(f"seed {seed}, reply {tally.tried}: {parts}"[:3000])
                raise
    tally.memory = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - memory) * 1024
    return tally


def wire_reply(parts: list[bytes]) -> None:
    """Have a reply of a probe decoded."""
    try:
        wire.decode(parts)
    except wire.ReplyError:
        pass
    except Exception as error:
        raise AssertionError(f"a reply of a probe gives {error!r}") from error


def take_reply(parts: list[bytes]) -> None:
    """Have a reply taken, of an operation on an object and of a probe."""
    take(parts, Tally())
    wire_reply(parts)


#: What is fuzzed: inputs without end, and what takes one of them.
TARGETS: dict[str, tuple[Callable, Callable]] = {
    "replies": (replies, take_reply),
    "notebooks": (fuzz_texts.notebooks, fuzz_texts.take_notebook),
    "pages": (fuzz_texts.pages, fuzz_texts.take_page),
}

#: Inputs that have found something, as JSON: each is tried again in each run, and by pytest.
KEPT = Path(__file__).parent / "fuzz_corpus"


def keep(target: str, parts: list[bytes], folder: Path = KEPT) -> Path:
    """Write an input to the folder of those that have found something; return its path."""
    text = json.dumps({"target": target, "parts": [base64.b64encode(p).decode() for p in parts]})
    folder.mkdir(exist_ok=True)
    path = folder / f"{target}-{hashlib.sha256(text.encode()).hexdigest()[:12]}.json"
    path.write_text(f"{text}\n")
    return path


def kept(folder: Path = KEPT) -> dict[str, tuple[str, list[bytes]]]:
    """Return the inputs that have found something, each with its target, by file."""
    found = {}
    for path in sorted(folder.glob("*.json")):
        values = json.loads(path.read_text())
        found[path.name] = values["target"], [base64.b64decode(p) for p in values["parts"]]
    return found


def fuzz_target(name: str, seed: int, seconds: float, folder: Path = KEPT) -> int:
    """Try inputs of one kind until time is up, and print how far that is; return how many.

    Raises
    ------
    AssertionError
        If one does what it must not. It is kept; a note names seed, number and file.
    """
    make, take_one = TARGETS[name]
    start = told = time.monotonic()
    tried, slowest = 0, 0.0
    for parts in make(random.Random(seed)):
        now = time.monotonic()
        if now - start > seconds:
            break
        if now - told > PROGRESS:
            told = now
            print(f"{name}: {now - start:.0f} of {seconds:.0f} s, {tried} tried", flush=True)
        before = time.process_time()
        try:
            with warnings.catch_warnings(), np.errstate(all="ignore"):
                warnings.simplefilter("ignore")
                take_one(parts)
            slowest = max(slowest, time.process_time() - before)
            assert slowest < MOST_SECONDS, f"{slowest:.1f} s"
        except Exception as error:
            path = keep(name, parts, folder)
            error.add_note(f"{name}, seed {seed}, number {tried}, kept in {path}")
            raise
        tried += 1
    print(f"{name}: {tried} tried with seed {seed}; slowest {slowest:.2f} s", flush=True)
    return tried


def main() -> None:
    """Try what has found something, then bombs, then inputs of each kind until time is up."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=float, default=60, help="in all (default: 60)")
    parser.add_argument(
        "--seed", type=int, default=int(time.time()), help="of an earlier run, to have it again"
    )
    parser.add_argument("--target", choices=[*TARGETS], help="only this one")
    options = parser.parse_args()
    for name, (target, parts) in kept().items():
        print(f"again: {name}", flush=True)
        TARGETS[target][1](parts)
    for name, parts in bombs():
        before = time.perf_counter()
        take_reply(parts)
        print(f"{name}: {time.perf_counter() - before:.2f} s", flush=True)
    targets = [options.target] if options.target else [*TARGETS]
    for name in targets:
        fuzz_target(name, options.seed, options.seconds / len(targets))


if __name__ == "__main__":
    main()
