"""Rebuild ``lxmls_nb/corpora/snippets.npz`` from the package that carries the snippets.

    python tools/build_snippets.py vaderSentiment-3.3.2.tar.gz

The sdist of vaderSentiment 3.3.2 (``pip download --no-binary :all: --no-deps
vaderSentiment==3.3.2``) holds ``additional_resources/hutto_ICWSM_2014.tar.gz`` and, in it,
Amazon product-review snippets with crowd ratings (Hutto and Gilbert 2014, MIT licence).
The extracted ``amazonReviewSnippets_GroundTruth.txt`` is accepted, too. Only the counts of
words and word pairs that occur at least twice are kept, never the sentences.
"""

from __future__ import annotations

import argparse
import re
import tarfile
import zipfile
from collections import Counter
from pathlib import Path

from lxmls_nb.corpus_files import interleave, write_corpus
from lxmls_nb.data import SNIPPETS
from lxmls_nb.files import atomic_path

NAME = "amazonReviewSnippets_GroundTruth.txt"
CLASS_SIZE = 1000
MIN_COUNT = 2


def read_snippets(path: Path) -> list[tuple[float, str]]:
    """Return rating (-4 to 4) and text of each snippet."""
    if path.name == NAME:
        text = path.read_text(encoding="utf-8")
    else:
        with tarfile.open(path) as sdist:
            inner = next(m for m in sdist if m.name.endswith("hutto_ICWSM_2014.tar.gz"))
            with tarfile.open(fileobj=sdist.extractfile(inner)) as archive:
                member = next(m for m in archive if Path(m.name).name == NAME)
                text = archive.extractfile(member).read().decode("utf-8")  # type: ignore[union-attr]
    rows = [line.split("\t") for line in text.splitlines()]
    return [(float(rating), sentence) for _, rating, sentence in rows]


def features(sentence: str) -> Counter[str]:
    """Count the words and the pairs of neighbouring words of a sentence."""
    words = re.findall(r"[a-z0-9']+", sentence.lower())
    pairs = [f"{first}_{second}" for first, second in zip(words, words[1:], strict=False)]
    return Counter(words + pairs)


def strongest(snippets: list[tuple[float, str]], sign: int) -> list[Counter[str]]:
    """Return the features of the most clearly rated snippets of a sign, in the file's order."""
    ranked = sorted(range(len(snippets)), key=lambda number: -sign * snippets[number][0])
    return [features(snippets[number][1]) for number in sorted(ranked[:CLASS_SIZE])]


def repack(path: Path) -> None:
    """Rewrite an archive of NumPy, so that every release of Python writes the same bytes.

    NumPy requests headers of large files, which Python before 3.11.4 writes in another form.
    """
    with zipfile.ZipFile(path) as archive:
        contents = {name: archive.read(name) for name in archive.namelist()}
    with atomic_path(path) as partial, zipfile.ZipFile(partial, "w") as archive:
        for name, content in contents.items():
            archive.writestr(zipfile.ZipInfo(name), content, zipfile.ZIP_DEFLATED)


def build(source: Path, target: Path) -> None:
    """Write the snippets corpus of `source` to `target`."""
    snippets = read_snippets(source)
    classes = [strongest(snippets, +1), strongest(snippets, -1)]
    totals: Counter[str] = Counter()
    for review in classes[0] + classes[1]:
        totals.update(review)
    vocabulary = sorted(word for word, total in totals.items() if total >= MIN_COUNT)
    index = {word: number for number, word in enumerate(vocabulary)}
    positive, negative = (
        [[(index[word], n) for word, n in review.items() if word in index] for review in reviews]
        for reviews in classes
    )
    counts, labels = interleave(positive, negative, nr_features=len(vocabulary))
    write_corpus(target, counts, labels, vocabulary)
    repack(target)
    print(f"{target}: {counts.shape}, {counts.nnz} counts, {target.stat().st_size} bytes")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("source", type=Path, help="the sdist, or the extracted text file")
    parser.add_argument("--target", type=Path, default=SNIPPETS)
    arguments = parser.parse_args()
    build(arguments.source, arguments.target)
