"""How long the books corpus takes to load, and how much memory: `make bench`.

Three ways, all in one run: parsed from the review files ("cold"), read from the cached sparse
matrix ("cached"), and with a straightforward loader that fills a dense array ("dense"), as is
often seen. Each is measured in processes of its own: the time in one (best of three), the peak
of the memory that it allocates (tracemalloc, which would slow the timing) in another.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import tempfile
import time
import tracemalloc
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np

from lxmls_nb.corpus_files import CLASSES, parse_folder
from lxmls_nb.data import BOOKS, SentimentCorpus, cache_folder

SHARED = Path(__file__).resolve().parents[2] / "shared" / "data" / "sentiment" / "books"


def dense(folder: Path, min_count: int = 5):
    """Load the corpus into a dense array, in the simplest way: count features, then fill it."""
    totals: dict[str, int] = {}
    sizes = dict.fromkeys(CLASSES, 0)
    for name in CLASSES:
        for review in read(folder, name):
            sizes[name] += 1
            for word, count in review:
                totals[word] = totals.get(word, 0) + count
    vocabulary = [word for word, total in totals.items() if total >= min_count]
    index = {word: number for number, word in enumerate(vocabulary)}
    inputs = np.zeros((sum(sizes.values()), len(index)))
    labels = np.zeros(len(inputs), dtype=int)
    for label, name in enumerate(CLASSES):
        for number, review in enumerate(read(folder, name)):
            labels[2 * number + label] = label
            for word, count in review:
                if word in index:
                    inputs[2 * number + label, index[word]] += count
    return inputs, labels, vocabulary


def read(folder: Path, name: str) -> Iterator[list[tuple[str, int]]]:
    """Yield the words and counts of each review of a class."""
    with (folder / f"{name}.review").open(encoding="utf-8") as lines:
        for line in lines:
            items = [item.rsplit(":", 1) for item in line.split()[:-1]]
            yield [(word, int(count)) for word, count in items]


def loaders(cache: Path) -> dict[str, Callable]:
    """Return the three ways to load the corpus."""
    return {
        "dense": lambda: dense(cache / "books"),
        "cold": lambda: parse_folder(cache / "books"),
        "cached": lambda: SentimentCorpus("books", cache=cache),
    }


def seconds(load: Callable) -> float:
    """Return the least time of three."""
    times = []
    for _ in range(3):
        start = time.perf_counter()
        load()
        times.append(time.perf_counter() - start)
    return min(times)


def peak(load: Callable) -> float:
    """Return the most memory that is allocated at a time, in MB."""
    tracemalloc.start()
    kept = load()
    result = tracemalloc.get_traced_memory()[1] / 1e6
    del kept
    return result


def measure(what: str, way: str, cache: Path) -> float:
    """Run this file in a new process that measures one thing."""
    command = [sys.executable, __file__, what, way, str(cache)]
    return json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout)


def main() -> None:
    """Print the table."""
    source = next(
        (
            folder
            for folder in (SHARED, cache_folder() / "books")
            if all((folder / name).is_file() for name in BOOKS)
        ),
        None,
    )
    if source is None:
        sys.exit(
            "The books corpus is needed: neither ../shared/data/sentiment/books nor "
            f"{cache_folder() / 'books'} has it. "
            "With a network, lxmls_nb.data.SentimentCorpus('books') fetches it."
        )
    with tempfile.TemporaryDirectory() as name:
        cache = Path(name)
        (cache / "books").mkdir()
        for file in BOOKS:
            shutil.copyfile(source / file, cache / "books" / file)
        corpus = SentimentCorpus("books", cache=cache)  # makes the cached matrix
        inputs, labels, vocabulary = dense(cache / "books")
        same = np.array_equal(inputs, corpus.counts.toarray()) and vocabulary == corpus.vocabulary
        if not (same and np.array_equal(labels, corpus.labels)):
            sys.exit("the dense loader and SentimentCorpus load different things")
        del inputs
        rows = {
            way: (measure("seconds", way, cache), measure("peak", way, cache))
            for way in loaders(cache)
        }
    base_time, base_memory = rows["dense"]
    print(f"{'way':8}{'seconds':>10}{'peak MB':>10}{'faster':>10}{'memory':>10}")
    for way, (spent, memory) in rows.items():
        print(
            f"{way:8}{spent:10.4f}{memory:10.1f}{base_time / spent:9.1f}x"
            f"{memory / base_memory:10.3f}"
        )
    print(
        "Expected: cached at least 50 times faster than dense, with at most a tenth of its memory."
    )


if __name__ == "__main__":
    if len(sys.argv) == 1:
        main()
    else:
        what, way, cache = sys.argv[1:]
        print(json.dumps({"seconds": seconds, "peak": peak}[what](loaders(Path(cache))[way])))
