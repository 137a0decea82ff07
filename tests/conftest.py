"""What tests share: the real books corpus where it is at hand, and no network."""

from __future__ import annotations

import contextlib
import gc
import os
import shutil
import socket
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

#: A browser and several minutes, and accounts: `make test-browser` and `make test-hub` name them.
collect_ignore = ["browser", "hub"]

ROOT = Path(__file__).resolve().parents[1]
BOOKS_FILES = ("positive.review", "negative.review")

# Set here, not in a fixture: kernels and other processes that tests start inherit it.
os.environ["LXMLS_NB_CORPUS"] = "snippets"
# Tests run side by side: one thread each is faster than many that wait for each other.
os.environ["OMP_NUM_THREADS"] = os.environ["OPENBLAS_NUM_THREADS"] = "1"
# `make coverage` measures the warm process, too, whose environment is only what is listed there.
if "COVERAGE_PROCESS_CONFIG" in os.environ:
    from lxmls_grading.execution import hub

    hub.PASSED_ON += ("COVERAGE_PROCESS_CONFIG",)


#: In the place of `alembic`, which nbgrader starts for each gradebook that it makes: it takes a
#: second of the processor to name the newest version of the tables, always the same.
ALEMBIC = """#!/bin/sh
for last; do :; done
[ "$last" = heads ] || exec "{real}" "$@"
[ -s "{kept}" ] || {{ "{real}" "$@" > "{kept}.$$" && mv "{kept}.$$" "{kept}"; }} || exit
cat "{kept}"
"""


def pytest_configure(config) -> None:
    """Prepare what all processes that run tests, and all that they start, have in common."""
    if hasattr(config, "workerinput"):
        return  # it inherits the environment
    stack = contextlib.ExitStack()
    config.add_cleanup(stack.close)
    # nbgrader starts `alembic` by name, which lies beside the Python that runs the tests.
    programs = Path(sys.executable).parent
    folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="lxmls-nb-tests-")))
    folder.chmod(0o755)
    alembic = folder / "alembic"
    alembic.write_text(ALEMBIC.format(real=programs / "alembic", kept=folder / "heads"))
    alembic.chmod(0o755)
    os.environ["PATH"] = os.pathsep.join([f"{folder}", f"{programs}", os.environ["PATH"]])
    # It takes five seconds of the processor to start a warm process, for each command and each
    # worker: those that run side by side share one.
    several = getattr(config.option, "numprocesses", None)
    if several and config.option.markexpr != "not slow":
        from lxmls_grading.execution import hub

        os.environ.update(stack.enter_context(hub.warm_for_workers()))


def pytest_unconfigure() -> None:
    """Let this process end at once: Python would look for garbage, two seconds with PyTorch."""
    gc.freeze()


@pytest.fixture
def own_warm_process(monkeypatch) -> None:
    """Let what is tested start a warm process of its own."""
    monkeypatch.delenv("LXMLS_NB_WARM_PROCESS", raising=False)


#: Fixtures that start a kernel, a cluster or commands, or read the large corpus: a test that asks
#: for one of them is slow.
SLOW = {"warm", "cluster", "new_course", "batch", "demo_course", "played", "site", "shared_books"}

#: What takes minutes by itself. It comes first: where files run side by side, one that is begun
#: last would keep all others waiting.
LONG = (
    "answers/test_answers.py",
    "attacks/test_attacks.py",
    "project/test_kit_environment.py",
    "notebooks/test_course.py",
    "lxmls_grading/class_run",
    "ordinary",
    "notebooks/test_chapters.py",
    "project/test_docs.py",
    "project/test_authors.py",
    "project/test_book.py",
    "lxmls_grading/kernel",
    "lxmls_grading/execution",
    "lxmls_grading/commands",
    "lxmls_grading/sandbox",
)


def pytest_collection_modifyitems(items) -> None:
    """Mark as slow what asks for a slow fixture, and begin with what takes long."""
    for item in items:
        if SLOW.intersection(item.fixturenames):
            item.add_marker(pytest.mark.slow)
    items.sort(key=lambda item: place_of(item.path.relative_to(ROOT / "tests").as_posix()))


def place_of(path: str) -> int:
    """Return when the tests of a file are to run: by the first entry of LONG that names it."""
    return next((n for n, start in enumerate(LONG) if path.startswith(start)), len(LONG))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item):
    """Fail a test that starts Python anew, as kernels and commands do, and isn't marked as slow."""
    start = subprocess.Popen.__init__

    def refuse_python(self, args, *more, **options):
        if sys.executable in args:
            pytest.fail(f"this test starts a process, so mark it as slow: {args}")
        start(self, args, *more, **options)

    with pytest.MonkeyPatch.context() as patch:
        if not item.get_closest_marker("slow"):
            patch.setattr(subprocess.Popen, "__init__", refuse_python)
        return (yield)


@pytest.fixture(scope="session")
def shared_books() -> Path:
    """Return the folder of the books corpus' review files."""
    folder = ROOT.parent / "shared" / "data" / "sentiment" / "books"
    if not all((folder / name).is_file() for name in BOOKS_FILES):
        pytest.skip("the books corpus is not in ../shared/data/sentiment/books")
    return folder


@pytest.fixture(scope="session")
def books_cache(shared_books, tmp_path_factory) -> Path:
    """Return a cache folder with the books corpus in it: to be read, not to be altered."""
    cache = tmp_path_factory.mktemp("cache")
    (cache / "books").mkdir()
    for name in BOOKS_FILES:
        shutil.copyfile(shared_books / name, cache / "books" / name)
    return cache


@pytest.fixture(scope="session")
def warm():
    """Return a process that executes notebooks as grading does."""
    from lxmls_grading.execution.warm_process import WarmProcess

    with WarmProcess() as process:
        with pytest.MonkeyPatch.context() as patch:
            patch.delenv("LXMLS_NB_WARM_PROCESS", raising=False)  # some tests look at its children
            process.start()
        yield process


@pytest.fixture
def no_network(monkeypatch) -> None:
    """Make every connection fail that leaves this machine."""

    def guard(function, host_of):
        def guarded(*arguments, **options):
            if host_of(arguments) not in ("127.0.0.1", "localhost"):
                raise OSError("this test has no network")
            return function(*arguments, **options)

        return guarded

    def host(given):
        _, address = given
        return "localhost" if isinstance(address, str) else address[0]  # str: a Unix socket

    for name in ("connect", "connect_ex"):
        function = getattr(socket.socket, name)
        monkeypatch.setattr(socket.socket, name, guard(function, host))
    monkeypatch.setattr(socket, "getaddrinfo", guard(socket.getaddrinfo, lambda given: given[0]))
