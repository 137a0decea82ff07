"""How corpora lie in files: as reviews of counted words, and as a sparse matrix."""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Iterator
from itertools import chain
from pathlib import Path

import numpy as np
from scipy import sparse

from lxmls_nb.files import atomic_path

#: Names of the classes, by class index.
CLASSES = ("positive", "negative")

#: How often a feature of the review files occurs at least, in all reviews together.
MIN_COUNT = 5

#: What a count in a review file looks like.
COUNT = re.compile(r"[1-9][0-9]{0,4}")

#: Counts, labels and vocabulary.
Loaded = tuple[sparse.csr_array, np.ndarray, list[str]]

#: Feature index and count of the words of each review.
Reviews = list[list[tuple[int, int]]]


class CorpusError(ValueError):
    """A corpus is unknown or out of reach, or its files are missing or malformed."""


def parse_folder(folder: Path) -> Loaded:
    """Parse ``positive.review`` and ``negative.review``, which have one review per line.

    A line is ``feature:count feature:count ... #label#:positive``. Features that occur fewer
    than :data:`MIN_COUNT` times in all are left out; the others are numbered in the order of
    their first occurrence.

    Returns
    -------
    counts : scipy.sparse.csr_array of uint16, shape (M, I)
    labels : ndarray of int, shape (M,)
    vocabulary : list of str

    Raises
    ------
    CorpusError
        If a file is missing or empty, or a line is malformed (the message says which).
    """
    totals: Counter[str] = Counter()
    for name in CLASSES:
        for words in _read_reviews(folder, name):
            for word, count in words:
                totals[word] += count
    index: dict[str, int] = {}
    for word, total in totals.items():
        if total >= MIN_COUNT:
            index[word] = len(index)
    if not index:
        raise CorpusError(f"no feature of {folder} occurs {MIN_COUNT} times or more")
    del totals

    reviews = {
        name: [
            [(index[word], count) for word, count in words if word in index]
            for words in _read_reviews(folder, name)
        ]
        for name in CLASSES
    }
    counts, labels = interleave(reviews["positive"], reviews["negative"], len(index))
    return counts, labels, list(index)


def interleave(
    positive: Reviews, negative: Reviews, nr_features: int
) -> tuple[sparse.csr_array, np.ndarray]:
    """Return the counts and labels of the reviews of two classes, which alternate.

    Parameters
    ----------
    positive, negative : list of list of (int, int)
        Feature index and count of the words of each review.
    """
    if len(positive) != len(negative):
        raise CorpusError(
            f"as many positive as negative reviews are needed, not {len(positive)} and "
            f"{len(negative)}"
        )
    reviews = [review for pair in zip(positive, negative, strict=True) for review in pair]
    ends = np.cumsum([0] + [len(review) for review in reviews])
    numbers = chain.from_iterable(chain.from_iterable(reviews))
    # np.array would need far more memory.
    words = np.fromiter(numbers, dtype=np.int32).reshape(-1, 2)
    counts = sparse.csr_array(
        (words[:, 1].copy(), words[:, 0].copy(), ends.astype(np.int32)),
        shape=(len(reviews), nr_features),
    )
    counts.sum_duplicates()
    if counts.nnz and counts.data.max() >= 2**16:
        raise CorpusError(f"a feature occurs {counts.data.max()} times in one review")
    counts.data = counts.data.astype(np.uint16)
    return counts, np.tile([0, 1], len(positive))


def _read_reviews(folder: Path, name: str) -> Iterator[list[tuple[str, int]]]:
    """Yield the words and counts of each review of a class."""
    path = folder / f"{name}.review"
    try:
        with path.open(encoding="utf-8") as lines:
            empty = True
            for number, line in enumerate(lines, start=1):
                empty = False
                yield _parse_review(line, name, f"{path}, line {number}")
    except FileNotFoundError:
        raise CorpusError(f"{folder} holds no {path.name}") from None
    except OSError as error:
        raise CorpusError(f"{path} cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise CorpusError(f"{path} is not UTF-8 text: {error.reason}") from error
    if empty:
        raise CorpusError(f"{path} is empty")


def _parse_review(line: str, label: str, place: str) -> list[tuple[str, int]]:
    words = []
    labels = []
    for item in line.split():
        word, _, count = item.rpartition(":")
        if word == "#label#":
            labels.append(count)
        elif not word or not COUNT.fullmatch(count) or int(count) >= 2**16:
            raise CorpusError(f"{place}: {item[:40]!r} is not of the form feature:count")
        else:
            words.append((word, int(count)))
    if labels != [label]:
        raise CorpusError(f"{place}: #label#:{label} is expected once, found {labels}")
    return words


def _digest(arrays: dict[str, np.ndarray]) -> np.ndarray:
    digest = hashlib.sha256()
    for name in sorted(arrays):
        digest.update(name.encode() + arrays[name].tobytes())
    return np.frombuffer(digest.digest(), np.uint8)


def write_corpus(
    path: Path,
    counts: sparse.csr_array,
    labels: np.ndarray,
    vocabulary: list[str],
    compressed: bool = True,
) -> None:
    """Write a corpus as a sparse matrix with a digest, whole or not at all."""
    arrays = {
        "data": counts.data.astype(np.uint16),
        "indices": counts.indices.astype(np.int32),
        "indptr": counts.indptr.astype(np.int32),
        "labels": labels.astype(np.uint8),
        "vocabulary": np.frombuffer("\n".join(vocabulary).encode(), np.uint8),
    }
    with atomic_path(path) as partial, partial.open("wb") as file:
        save = np.savez_compressed if compressed else np.savez
        save(file, allow_pickle=False, digest=_digest(arrays), **arrays)


def read_corpus(path: Path) -> Loaded:
    """Read a corpus that :func:`write_corpus` wrote.

    Raises
    ------
    CorpusError
        If the file is truncated or altered.
    """
    try:
        # Opened here, since NumPy does not close a file that is damaged.
        with path.open("rb") as file, np.load(file, allow_pickle=False) as archive:
            arrays = dict(archive)
        digest = arrays.pop("digest")
        if not np.array_equal(digest, _digest(arrays)):
            raise ValueError("its digest does not fit")
        vocabulary = arrays["vocabulary"].tobytes().decode().split("\n")
        labels = arrays["labels"].astype(int)
        counts = sparse.csr_array(
            (arrays["data"], arrays["indices"], arrays["indptr"]),
            shape=(len(labels), len(vocabulary)),
        )
    except FileNotFoundError:
        raise
    except Exception as error:  # zipfile, zlib and NumPy raise many kinds where a file is damaged
        raise CorpusError(f"{path} is damaged: {error}") from error
    return counts, labels, vocabulary
