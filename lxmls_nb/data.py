"""The sentiment corpora of the day, and the batches that models learn from."""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, overload

import numpy as np
import pooch
from scipy import sparse
from tqdm import tqdm

from lxmls_nb.corpus_files import CorpusError, Loaded, parse_folder, read_corpus, write_corpus
from lxmls_nb.files import is_size

__all__ = ["AmazonData", "Batches", "CorpusError", "SentimentCorpus", "default_corpus"]

#: Share of a corpus, from its beginning, that is for training. The rest is for testing.
TRAIN_SHARE = 0.8

#: Seconds that :func:`default_corpus` waits for the download of the books corpus.
PATIENCE = 8.0

BOOKS = {
    "positive.review": "d27a35a59e99b2c2d56731cad8d63870f8a3b9063a70bf8c18862e0a107cdd02",
    "negative.review": "42e4d7e63f429e396de0db87b814f8c6a4b4948d34c94524725b0fe2944a0ff4",
}
BOOKS_URL = (
    "https://raw.githubusercontent.com/LxMLS/lxmls-toolkit/"
    "959a927aa3d808022782ea9bb9b08c8cd2234d58/data/sentiment/books/"
)
SNIPPETS = Path(__file__).parent / "corpora" / "snippets.npz"


#: Input and output of some examples.
Batch = dict[str, np.ndarray]


class SentimentCorpus:
    """Product reviews as word counts, each labelled positive (0) or negative (1).

    Parameters
    ----------
    domain : str or path
        ``"books"``, the Amazon books corpus of the guide (fetched once, then cached);
        ``"snippets"``, a small corpus that is part of this package; or a folder that
        contains ``positive.review`` and ``negative.review``.
    cache : path, optional
        The folder where downloaded corpora are kept. By default that of the environment variable
        ``LXMLS_NB_CACHE``, otherwise the user's cache folder.

    Attributes
    ----------
    counts : scipy.sparse.csr_array, shape (M, I)
        How often each of the I features occurs in each of the M reviews. Positive and
        negative reviews alternate.
    labels : ndarray of int, shape (M,)
        The class index of each review: 0 is positive, 1 is negative.
    vocabulary : list of str
        The name of each feature: a word, or two words joined by ``_``.
    nr_features : int
        I, the number of features.

    Raises
    ------
    CorpusError
        If the domain is unknown, a file is missing or malformed, or the books corpus is
        neither cached nor can be downloaded.
    """

    def __init__(self, domain: str | Path = "books", cache: str | Path | None = None):
        if not isinstance(domain, str | os.PathLike) or not str(domain):
            raise CorpusError(f"a corpus has a name or is a folder; {domain!r} is neither")
        self.domain = str(domain)
        if self.domain == "books":
            loaded = _books(Path(cache) if cache else cache_folder())
        elif self.domain == "snippets":
            loaded = read_corpus(SNIPPETS)
        elif Path(domain).is_dir():
            loaded = parse_folder(Path(domain))
        else:
            raise CorpusError(
                f"There is no corpus {self.domain!r}: choose 'books', 'snippets', or a folder "
                "that holds positive.review and negative.review."
            )
        self.counts, self.labels, self.vocabulary = loaded
        self.nr_features = len(self.vocabulary)

    def __repr__(self) -> str:
        return (
            f"SentimentCorpus({self.domain!r}): {len(self.labels)} reviews, "
            f"{self.nr_features} features"
        )


class Batches(Sequence[Batch]):
    """Batches of a corpus. Each becomes a dense array only when it is asked for.

    The items are dictionaries: ``input``, float array of shape (M', I), and ``output``, int array
    of shape (M',). The last batch is smaller where the batch size does not divide M.

    Parameters
    ----------
    counts : scipy.sparse.csr_array, shape (M, I)
    labels : ndarray of int, shape (M,)
    batch_size : int or None
        None for one batch of all examples.
    """

    def __init__(self, counts: sparse.csr_array, labels: np.ndarray, batch_size: int | None = None):
        if batch_size is not None and not is_size(batch_size):
            raise ValueError(f"batch_size is a positive whole number or None, not {batch_size!r}")
        self._counts, self._labels = counts, labels
        self.batch_size = int(batch_size) if batch_size else len(labels)
        # The row of each count. With it a batch is filled without slicing the sparse matrix, which
        # would take longer than the update of many models.
        self._rows = np.repeat(np.arange(len(labels), dtype=np.int32), np.diff(counts.indptr))

    def __len__(self) -> int:
        return -(-len(self._labels) // self.batch_size)

    @overload
    def __getitem__(self, index: int) -> Batch: ...
    @overload
    def __getitem__(self, index: slice) -> list[Batch]: ...
    def __getitem__(self, index: int | slice) -> Batch | list[Batch]:
        """Return one batch, or a list of batches for a slice."""
        if isinstance(index, slice):
            return [self[i] for i in range(*index.indices(len(self)))]
        number = range(len(self))[index]  # it raises IndexError, and allows negative numbers
        first = number * self.batch_size
        labels = self._labels[first : first + self.batch_size].copy()
        start, end = self._counts.indptr[[first, first + len(labels)]]
        dense = np.zeros((len(labels), self._counts.shape[1]))
        rows, columns = self._rows[start:end] - first, self._counts.indices[start:end]
        dense[rows, columns] = self._counts.data[start:end]
        return {"input": dense, "output": labels}

    def __iter__(self) -> Iterator[Batch]:
        return (self[number] for number in range(len(self)))


class AmazonData:
    """A sentiment corpus split into a train set (first 80 %) and a test set (the rest).

    Parameters
    ----------
    corpus : SentimentCorpus
    """

    def __init__(self, corpus: SentimentCorpus):
        if not hasattr(corpus, "counts"):
            raise TypeError(f"a SentimentCorpus is expected, not {corpus!r}")
        train = int(TRAIN_SHARE * len(corpus.labels))
        self._sets = {"train": slice(None, train), "test": slice(train, None)}
        self._corpus = corpus

    def batches(self, name: str, batch_size: int | None = None) -> Batches:
        """Return the batches of a set, in the order of the corpus.

        Parameters
        ----------
        name : {"train", "test"}
        batch_size : int or None
            None for one batch of the whole set.

        Raises
        ------
        ValueError
            If the set is unknown or the batch size is not a positive whole number.
        """
        if name not in self._sets:
            raise ValueError(f"there is no set {name!r}: choose 'train' or 'test'")
        rows = self._sets[name]
        return Batches(self._corpus.counts[rows], self._corpus.labels[rows], batch_size)


def default_corpus() -> SentimentCorpus:
    """Return the corpus that suits this machine, and print which one and why.

    The environment variable ``LXMLS_NB_CORPUS`` decides (``books``, ``snippets`` or a
    folder). Without it, books if that is cached or quickly downloaded, otherwise snippets.
    """
    wish = os.environ.get("LXMLS_NB_CORPUS")
    if wish:
        corpus, reason = SentimentCorpus(wish), "LXMLS_NB_CORPUS asks for it"
    else:
        fetched: list[SentimentCorpus] = []
        problem: list[Exception] = []

        def fetch() -> None:
            try:
                fetched.append(SentimentCorpus("books"))
            except Exception as error:  # of whatever kind: the other corpus is then used
                problem.append(error)

        # On a slow connection the download continues in the background, so that the next notebook
        # may find the corpus cached.
        thread = threading.Thread(target=fetch, daemon=True)
        thread.start()
        thread.join(PATIENCE)
        if fetched:
            corpus, reason = fetched[0], "it is the corpus of the guide"
        else:
            slow = "is still downloading" if not problem else "is not cached and out of reach"
            corpus, reason = SentimentCorpus("snippets"), f"the books corpus {slow}"
    print(f"Corpus: {corpus.domain}, {len(corpus.labels)} reviews ({reason}).")
    return corpus


def cache_folder() -> Path:
    """Return the folder that downloaded corpora are kept in."""
    return Path(os.environ.get("LXMLS_NB_CACHE") or pooch.os_cache("lxmls_nb")).expanduser()


def _books(cache: Path) -> Loaded:
    """Load the books corpus from its cached matrix, else from its (downloaded) review files."""
    cached = cache / "books.npz"
    try:
        return read_corpus(cached)
    except (CorpusError, FileNotFoundError):  # it is missing or damaged: it is rebuilt below
        pass
    # pooch reports on stderr, which looks like a failure, and before it knows of any network.
    pooch.get_logger().setLevel("WARNING")
    fetcher = pooch.create(path=cache / "books", base_url=BOOKS_URL, registry=BOOKS)
    try:
        for name in BOOKS:  # pooch checks the hash, and downloads a damaged file again
            # The delay hides the bar until there is something to count.
            options: dict[str, Any] = {"unit": "B", "unit_scale": True, "delay": 1e-6}
            with tqdm(desc=name, total=1, file=sys.stdout, **options) as bar:
                fetcher.fetch(name, downloader=pooch.HTTPDownloader(progressbar=bar, timeout=10))
    except (OSError, ValueError) as error:
        raise CorpusError(
            f"The books corpus is not on this machine and could not be fetched "
            f"({type(error).__name__}). Connect to the network and try again, or put its "
            f"positive.review and negative.review into {cache / 'books'}, or work offline with "
            f"SentimentCorpus('snippets')."
        ) from error
    counts, labels, vocabulary = parse_folder(cache / "books")
    with suppress(OSError):  # on a full disk: the next start then takes as long as this one
        # Without compression the file has 1.7 MB, and is read in half the time.
        write_corpus(cached, counts, labels, vocabulary, compressed=False)
    return counts, labels, vocabulary
