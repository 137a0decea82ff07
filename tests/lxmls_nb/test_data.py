"""Corpora: their figures, the cache, damaged and missing files, batches, the default corpus."""

from __future__ import annotations

import functools
import http.server
import importlib.util
import os
import shutil
import subprocess
import sys
import threading
import tracemalloc
from pathlib import Path

import numpy as np
import pytest

from lxmls_nb import corpus_files, data
from lxmls_nb.data import AmazonData, CorpusError, SentimentCorpus, default_corpus
from lxmls_nb.models import NumpyMLP, index2onehot
from lxmls_nb.training import train

ROOT = Path(__file__).resolve().parents[2]
BOOKS_FILES = tuple(data.BOOKS)
REVIEW = "good:2 book:1 good_book:1 #label#:{}\n"


def write_reviews(folder, positive=6 * REVIEW, negative=6 * REVIEW):
    """Write a small corpus; each text gets the label of its class."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in (("positive", positive), ("negative", negative)):
        if text is not None:
            (folder / f"{name}.review").write_text(text.replace("{}", name), encoding="utf-8")
    return folder


@pytest.fixture
def cache(books_cache, tmp_path):
    """Return a cache folder with the books corpus in it, which a test may alter."""
    return shutil.copytree(books_cache, tmp_path / "cache", dirs_exist_ok=True)


@pytest.fixture
def books(books_cache, no_network):
    return SentimentCorpus("books", cache=books_cache)


@pytest.fixture
def server(shared_books, tmp_path, monkeypatch):
    """Serve a copy of the books corpus' files; yield the folder and the paths asked for."""
    folder = tmp_path / "served"
    folder.mkdir()
    for name in BOOKS_FILES:
        shutil.copyfile(shared_books / name, folder / name)
    asked = []

    class Handler(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *_):
            asked.append(self.path.lstrip("/"))

    handler = functools.partial(Handler, directory=str(folder))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as running:
        thread = threading.Thread(target=running.serve_forever)
        thread.start()
        monkeypatch.setattr(data, "BOOKS_URL", f"http://127.0.0.1:{running.server_port}/")
        monkeypatch.setenv("NO_PROXY", "127.0.0.1")
        yield folder, asked
        running.shutdown()
        thread.join()


def same(corpus, other) -> bool:
    return (
        (corpus.counts != other.counts).nnz == 0
        and np.array_equal(corpus.labels, other.labels)
        and corpus.vocabulary == other.vocabulary
    )


class TestBooks:
    def test_figures(self, books, shared_books):
        assert books.counts.shape == (2000, 13989)
        assert books.nr_features == len(books.vocabulary) == 13989
        assert books.counts.nnz == 253549
        # The first review is the first positive one, the second the first negative one.
        index = {word: number for number, word in enumerate(books.vocabulary)}
        for row, name in enumerate(BOOKS_FILES):
            with (shared_books / name).open(encoding="utf-8") as lines:
                items = [item.rpartition(":") for item in next(lines).split()[:-1]]
            expected = {index[word]: int(count) for word, _, count in items if word in index}
            found = books.counts[[row]].tocoo()
            assert dict(zip(found.coords[1], found.data, strict=True)) == expected

    def test_classes_take_turns(self, books):
        np.testing.assert_array_equal(books.labels, np.arange(2000) % 2)
        assert corpus_files.CLASSES == ("positive", "negative")

    def test_every_feature_occurs_five_times(self, books):
        assert books.counts.sum(axis=0, dtype=int).min() == 5

    def test_split(self, books):
        sets = AmazonData(books)
        train_set, test_set = (sets.batches(name)[0] for name in ("train", "test"))
        assert train_set["input"].shape == (1600, 13989)
        assert test_set["input"].shape == (400, 13989)
        np.testing.assert_array_equal(test_set["input"], books.counts[1600:].toarray())
        np.testing.assert_array_equal(test_set["output"], books.labels[1600:])


class TestCache:
    def test_matrix_is_used(self, cache, no_network, monkeypatch):
        first = SentimentCorpus("books", cache=cache)
        shutil.rmtree(cache / "books")
        monkeypatch.setattr(data, "parse_folder", None)
        assert same(first, SentimentCorpus("books", cache=cache))

    def test_environment_names_the_folder(self, cache, no_network, monkeypatch):
        monkeypatch.setenv("LXMLS_NB_CACHE", str(cache))
        assert SentimentCorpus("books").nr_features == 13989

    def test_download(self, server, tmp_path, books):
        assert same(books, SentimentCorpus("books", cache=tmp_path / "new"))
        assert sorted(server[1]) == sorted(BOOKS_FILES)

    @pytest.mark.parametrize("damage", ["truncated", "altered", "empty", "gone"])
    def test_damaged_review_file_is_fetched_again(self, damage, cache, server, books):
        (cache / "books.npz").unlink(missing_ok=True)
        path = cache / "books" / "negative.review"
        content = path.read_bytes()
        if damage == "gone":
            path.unlink()
        else:
            other = content.replace(b":1 ", b":2 ", 1)
            path.write_bytes(
                {"truncated": content[:-10_000], "altered": other, "empty": b""}[damage]
            )
        assert same(books, SentimentCorpus("books", cache=cache))
        assert server[1] == ["negative.review"]
        assert path.read_bytes() == content

    def test_damaged_download_is_refused(self, server, tmp_path):
        folder, _ = server
        whole = (folder / "negative.review").read_bytes()
        (folder / "negative.review").write_bytes(whole[:-1])
        with pytest.raises(CorpusError, match=r"could not be fetched \(ValueError\)"):
            SentimentCorpus("books", cache=tmp_path / "new")
        assert not (tmp_path / "new" / "books.npz").exists()
        (folder / "negative.review").write_bytes(whole)
        assert SentimentCorpus("books", cache=tmp_path / "new").nr_features == 13989

    def test_altered_matrix_is_made_anew(self, cache, no_network):
        first = SentimentCorpus("books", cache=cache)
        path = cache / "books.npz"
        with np.load(path) as archive:
            arrays = dict(archive)
        arrays["data"][0] += 1
        np.savez_compressed(path, **arrays)
        with pytest.raises(CorpusError, match="damaged"):
            corpus_files.read_corpus(path)
        assert same(first, SentimentCorpus("books", cache=cache))
        assert same(first, SentimentCorpus("books", cache=cache))
        corpus_files.read_corpus(path)  # made anew, and sound

    def test_no_network_no_cache(self, no_network, tmp_path):
        with pytest.raises(CorpusError) as raised:
            SentimentCorpus("books", cache=tmp_path)
        message = str(raised.value)
        for advice in (
            "Connect to the network",
            f"put its positive.review and negative.review into {tmp_path / 'books'}",
            "SentimentCorpus('snippets')",
        ):
            assert advice in message

    def test_damaged_matrix_and_no_network(self, no_network, tmp_path):
        (tmp_path / "books.npz").write_bytes(b"PK half a file")
        with pytest.raises(CorpusError, match="Connect to the network"):
            SentimentCorpus("books", cache=tmp_path)

    def test_cache_that_is_no_folder(self, no_network, tmp_path):
        (tmp_path / "file").write_text("")
        with pytest.raises(CorpusError, match="books corpus"):
            SentimentCorpus("books", cache=tmp_path / "file")


def test_any_damage_to_a_matrix_is_noticed(tmp_path):
    corpus = SentimentCorpus(write_reviews(tmp_path / "reviews"))
    path = tmp_path / "corpus.npz"
    corpus_files.write_corpus(path, corpus.counts, corpus.labels, corpus.vocabulary)
    content = path.read_bytes()
    for place in range(0, len(content), 3):
        for damaged in (
            content[:place],
            content[:place] + bytes([content[place] ^ 0xFF]) + content[place + 1 :],
        ):
            path.write_bytes(damaged)
            try:
                counts, labels, vocabulary = corpus_files.read_corpus(path)
            except CorpusError:
                continue
            # Nothing depends on this byte (a time stamp, say).
            assert (counts != corpus.counts).nnz == 0
            assert np.array_equal(labels, corpus.labels)
            assert vocabulary == corpus.vocabulary


class TestFolder:
    def test_counts(self, tmp_path):
        folder = write_reviews(
            tmp_path,
            positive="a:2 b:1 a:1 #label#:{}\nc:3 d:4 #label#:{}\n",
            negative="e:9 a:2 #label#:{}\nc:2 d:1 b:3 #label#:{}\n",
        )
        corpus = SentimentCorpus(folder)
        # b occurs 4 times in all and is left out; numbers go by first sight.
        assert corpus.vocabulary == ["a", "c", "d", "e"]
        expected = [[3, 0, 0, 0], [2, 0, 0, 9], [0, 3, 4, 0], [0, 2, 1, 0]]
        np.testing.assert_array_equal(corpus.counts.toarray(), expected)
        np.testing.assert_array_equal(corpus.labels, [0, 1, 0, 1])

    @pytest.mark.parametrize(
        "item", ["word", "word:", ":3", "word:x", "word:1.5", "word:-1", "word:0", "word:70000"]
    )
    def test_malformed_item(self, item, tmp_path):
        text = 2 * REVIEW + f"good:1 {item} #label#:{{}}\n" + 3 * REVIEW
        folder = write_reviews(tmp_path, negative=text)
        with pytest.raises(CorpusError) as raised:
            SentimentCorpus(folder)
        assert f"{folder / 'negative.review'}, line 3: {item!r}" in str(raised.value)

    def test_label_of_the_other_class(self, tmp_path):
        folder = write_reviews(tmp_path, positive=REVIEW + "good:1 #label#:negative\n")
        with pytest.raises(CorpusError, match=r"positive.review, line 2: .*found \['negative'\]"):
            SentimentCorpus(folder)

    @pytest.mark.parametrize("name", ["positive", "negative"])
    @pytest.mark.parametrize(("text", "message"), [(None, "holds no"), ("", "is empty")])
    def test_missing_or_empty_file(self, name, text, message, tmp_path):
        with pytest.raises(CorpusError, match=message) as raised:
            SentimentCorpus(write_reviews(tmp_path, **{name: text}))
        assert f"{name}.review" in str(raised.value)

    def test_unequal_classes(self, tmp_path):
        folder = write_reviews(tmp_path, negative=4 * REVIEW)
        with pytest.raises(CorpusError, match="not 6 and 4"):
            SentimentCorpus(folder)

    def test_not_text(self, tmp_path):
        folder = write_reviews(tmp_path)
        (folder / "negative.review").write_bytes(b"caf\xe9:1 #label#:negative\n")
        with pytest.raises(CorpusError, match=r"negative.review is not UTF-8"):
            SentimentCorpus(folder)

    def test_only_rare_features(self, tmp_path):
        with pytest.raises(CorpusError, match="5 times or more"):
            SentimentCorpus(write_reviews(tmp_path, positive=REVIEW, negative=REVIEW))

    @pytest.mark.parametrize("domain", ["bocks", "no/such/folder"])
    def test_unknown_domain(self, domain):
        with pytest.raises(CorpusError, match="choose 'books', 'snippets', or a folder") as raised:
            SentimentCorpus(domain)
        assert repr(domain) in str(raised.value)


class TestBatches:
    @pytest.fixture
    def sets(self):
        return AmazonData(SentimentCorpus("snippets"))

    @pytest.mark.parametrize("size", [1, 30, 1599, 1600, 5000, np.int64(7)])
    def test_sizes(self, sets, size):
        batches = sets.batches("train", batch_size=size)
        sizes = [len(batch["output"]) for batch in batches]
        assert len(batches) == len(sizes) == int(np.ceil(1600 / size))
        assert sum(sizes) == 1600
        assert set(sizes[:-1]) <= {size}

    def test_batches_make_up_the_set(self, sets):
        whole = sets.batches("test")[0]
        batches = list(sets.batches("test", batch_size=30))
        for key in ("input", "output"):
            joined = np.concatenate([batch[key] for batch in batches])
            np.testing.assert_array_equal(joined, whole[key])

    def test_types(self, sets):
        batch = sets.batches("train", batch_size=30)[0]
        assert sorted(batch) == ["input", "output"]
        assert type(batch["input"]) is np.ndarray
        assert batch["input"].dtype == float
        assert batch["output"].dtype == int

    def test_index(self, sets):
        batches = sets.batches("train", batch_size=30)
        np.testing.assert_array_equal(batches[-1]["input"], batches[53]["input"])
        assert [len(batch["output"]) for batch in batches[-2:]] == [30, 10]
        with pytest.raises(IndexError):
            batches[54]

    def test_a_batch_is_the_callers_own(self, sets):
        batch = sets.batches("train", batch_size=30)[0]
        batch["input"][:] = -1
        batch["output"][:] = -1
        again = sets.batches("train", batch_size=30)[0]
        assert again["input"].min() == 0
        assert again["output"].min() == 0

    def test_dense_one_at_a_time(self, sets):
        features = sets.batches("train", 1)[0]["input"].shape[1]
        one, all_of_them = (rows * features * 8 for rows in (30, 1600))
        tracemalloc.start()
        try:
            batches = sets.batches("train", batch_size=30)
            for _ in batches:
                pass
            _, peak = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
        assert peak < 4 * one + 2**20 < all_of_them / 4

    @pytest.mark.parametrize("size", [0, -3, 2.5, "30"])
    def test_wrong_size(self, sets, size):
        with pytest.raises(ValueError, match="batch_size") as raised:
            sets.batches("train", batch_size=size)
        assert repr(size) in str(raised.value)

    def test_unknown_set(self, sets):
        with pytest.raises(ValueError, match="'dev'"):
            sets.batches("dev")


class TestDefaultCorpus:
    @pytest.fixture(autouse=True)
    def nothing_set(self, monkeypatch, tmp_path):
        monkeypatch.delenv("LXMLS_NB_CORPUS")
        monkeypatch.setenv("LXMLS_NB_CACHE", str(tmp_path / "empty"))

    def line(self, capsys) -> str:
        captured = capsys.readouterr()
        assert captured.err == ""
        assert captured.out.count("\n") == 1
        return captured.out

    def test_snippets_asked_for(self, monkeypatch, capsys):
        monkeypatch.setenv("LXMLS_NB_CORPUS", "snippets")
        assert default_corpus().domain == "snippets"
        assert (
            self.line(capsys) == "Corpus: snippets, 2000 reviews (LXMLS_NB_CORPUS asks for it).\n"
        )

    def test_folder_asked_for(self, monkeypatch, capsys, tmp_path):
        monkeypatch.setenv("LXMLS_NB_CORPUS", str(write_reviews(tmp_path / "mine")))
        assert len(default_corpus().labels) == 12
        assert "LXMLS_NB_CORPUS" in self.line(capsys)

    def test_books_asked_for_and_out_of_reach(self, monkeypatch, no_network):
        monkeypatch.setenv("LXMLS_NB_CORPUS", "books")
        with pytest.raises(CorpusError, match="Connect to the network"):
            default_corpus()

    def test_books_asked_for(self, monkeypatch, no_network, books_cache, capsys):
        monkeypatch.setenv("LXMLS_NB_CORPUS", "books")
        monkeypatch.setenv("LXMLS_NB_CACHE", str(books_cache))
        assert default_corpus().domain == "books"
        assert "LXMLS_NB_CORPUS" in self.line(capsys)

    def test_books_cached(self, monkeypatch, no_network, books_cache, capsys):
        monkeypatch.setenv("LXMLS_NB_CACHE", str(books_cache))
        assert default_corpus().domain == "books"
        assert self.line(capsys).startswith("Corpus: books, 2000 reviews (")

    def test_unknown(self, monkeypatch):
        monkeypatch.setenv("LXMLS_NB_CORPUS", "bocks")
        with pytest.raises(CorpusError, match="'bocks'"):
            default_corpus()

    def test_out_of_reach(self, no_network, capsys):
        assert default_corpus().domain == "snippets"
        assert "not cached and out of reach" in self.line(capsys)

    @pytest.mark.slow
    def test_first_run_without_network_shows_one_line(self, tmp_path):
        """Not on stderr, which a notebook shows in pink, and not a word about downloads."""
        proxies = dict.fromkeys(("http_proxy", "https_proxy", "HTTPS_PROXY"), "http://127.0.0.1:9")
        nothing = {"LXMLS_NB_CORPUS": "", "LXMLS_NB_CACHE": str(tmp_path), "NO_PROXY": ""}
        code = "from lxmls_nb.data import default_corpus\ndefault_corpus()"
        done = subprocess.run(
            [sys.executable, "-c", code],
            capture_output=True,
            text=True,
            env=os.environ | nothing | proxies,
        )
        assert done.stderr == ""
        assert done.stdout.count("\n") == 1
        assert done.stdout.startswith("Corpus: snippets, 2000 reviews (")
        assert "ownload" not in done.stdout

    def test_slow(self, monkeypatch, capsys):
        done = threading.Event()

        def wait(_):
            done.wait(10)
            raise CorpusError("too late")

        monkeypatch.setattr(data, "PATIENCE", 0.05)
        monkeypatch.setattr(
            data, "_books", lambda _: done.wait(10) and corpus_files.read_corpus(data.SNIPPETS)
        )
        try:
            assert default_corpus().domain == "snippets"
        finally:
            done.set()
        assert "still downloading" in self.line(capsys)


class TestSnippets:
    def test_figures(self, no_network):
        corpus = SentimentCorpus("snippets")
        assert corpus.counts.shape == (2000, corpus.nr_features)
        np.testing.assert_array_equal(corpus.labels, np.arange(2000) % 2)
        assert len(set(corpus.vocabulary)) == corpus.nr_features
        assert any("_" in word for word in corpus.vocabulary)
        assert data.SNIPPETS.stat().st_size < 150_000

    def test_log_linear_accuracy(self):
        class LogLinear(NumpyMLP):
            def backpropagation(self, input, output):
                log_probabilities, _ = self.log_forward(input)
                error = (np.exp(log_probabilities) - index2onehot(output, 2)) / len(input)
                return [[error.T @ input, error.sum(axis=0, keepdims=True)]]

        corpus = SentimentCorpus("snippets")
        model = LogLinear([corpus.nr_features, 2], ["softmax"], learning_rate=0.05)
        history = train(model.update, model.predict, AmazonData(corpus), verbose=False)
        assert 45 <= history.accuracies[0] <= 55
        assert 72 <= history.accuracies[-1] <= 80

    def test_rebuilt_the_same(self, tmp_path):
        name = "amazonReviewSnippets_GroundTruth.txt"
        source = ROOT.parent / "shared" / "data" / "amazon_snippets" / name
        if not source.is_file():
            pytest.skip("the snippets are not in ../shared/data/amazon_snippets")
        spec = importlib.util.spec_from_file_location("build", ROOT / "tools/build_snippets.py")
        tool = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(tool)
        tool.build(source, tmp_path / "snippets.npz")
        assert (tmp_path / "snippets.npz").read_bytes() == data.SNIPPETS.read_bytes()


def test_cache_folder(monkeypatch):
    monkeypatch.delenv("LXMLS_NB_CACHE", raising=False)
    assert data.cache_folder().name == "lxmls_nb"
    assert os.path.isabs(data.cache_folder())


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("good:1", "expected once, found \\[\\]"),
        ("", "expected once, found \\[\\]"),
        ("good:0 #label#:positive", "'good:0' is not of the form"),
        ("good:\u0663 #label#:positive", "is not of the form"),
        ("good:999999 #label#:positive", "'good:999999' is not of the form"),
    ],
)
def test_lines_that_are_not_reviews_are_refused(tmp_path, line, said):
    for name in ("positive", "negative"):
        (tmp_path / f"{name}.review").write_text(f"good:5 #label#:{name}\n", encoding="utf-8")
    with (tmp_path / "positive.review").open("a", encoding="utf-8") as file:
        file.write(f"{line}\n")
    with pytest.raises(CorpusError, match=f"positive.review, line 2: .*{said}"):
        SentimentCorpus(tmp_path)


@pytest.mark.parametrize("domain", ["", None, 3])
def test_a_domain_that_is_no_name_is_refused(domain):
    with pytest.raises(CorpusError, match="neither"):
        SentimentCorpus(domain)
