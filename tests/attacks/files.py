"""Attacks with the files of the submission: links, special files, names, modules, pickles."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from tests.attacks.attack import Attack

UNREADABLE = ("unreadable",)

#: A package that would take the place of the library, if it were looked for here first.
SHADOW = """
class Accept:
    def __getattr__(self, name):
        return lambda *arguments, **options: None

checks = Accept()
"""
MARK = "open('@MARK@', 'w').write(__file__)\n"
SHADOWS = (
    "conftest.py",
    "sitecustomize.py",
    "usercustomize.py",
    "json.py",
    "safetensors.py",
    "nbgrader_config.py",
    "jupyter_config.py",
    "ipython_config.py",
    ".ipython/profile_default/startup/00.py",
)


def _link_to(target: str):
    """Return a `write` that puts a link in the notebook's place."""

    def write(folder: Path, path: Path, places: dict[str, str]) -> None:
        path.unlink()
        path.symlink_to(target.replace("@SECRET@", places["SECRET"]))

    return write


def _links(folder: Path, path: Path, places: dict[str, str]) -> None:
    """Add links to files and folders outside."""
    (folder / "notes.txt").symlink_to(places["SECRET"])
    (folder / "course").symlink_to(places["COURSE"])
    (folder / "up").symlink_to("../..")


def _broken_links(folder: Path, path: Path, places: dict[str, str]) -> None:
    (folder / "itself").symlink_to("itself")
    (folder / "nothing").symlink_to("no/such/file")


def _endless_link(folder: Path, path: Path, places: dict[str, str]) -> None:
    (folder / "data.csv").symlink_to("/dev/zero")


def _fifo(folder: Path, path: Path, places: dict[str, str]) -> None:
    os.mkfifo(folder / "data.csv")


def _fifo_notebook(folder: Path, path: Path, places: dict[str, str]) -> None:
    path.unlink()
    os.mkfifo(path)


def _folder_notebook(folder: Path, path: Path, places: dict[str, str]) -> None:
    path.unlink()
    path.mkdir()
    (path / "x.ipynb").write_text("{}")


def _names(folder: Path, path: Path, places: dict[str, str]) -> None:
    """Add copies and files with names that mislead."""
    for name in (
        "exercise_2_2.ipynb\n.ipynb",
        "exercise_2_1\u202egnp.ipynb",
        "-rf.ipynb",
        "..ipynb",
        "..\\..\\exercise_2_1.ipynb",
        "%2e%2e%2fx.ipynb",
        "=HYPERLINK(1).ipynb",
        "\x1b[31mred.ipynb",
        "$(touch x).txt",
        "x" * 240,
    ):
        shutil.copy(path, folder / name)
    deep = folder.joinpath(*["d"] * 50)
    deep.mkdir(parents=True)
    (deep / "exercise_2_1.ipynb").write_text("{}")


def _sparse(folder: Path, path: Path, places: dict[str, str]) -> None:
    with open(folder / "data.csv", "wb") as file:
        file.truncate(20 * 2**30)


def _huge_notebook(folder: Path, path: Path, places: dict[str, str]) -> None:
    text = path.read_text()
    path.write_text(text.replace('"metadata": {', f'"x": "{"y" * 2 * 10**8}", "metadata": {{', 1))


ATTACKS = [
    Attack(
        "link-to-neighbour",
        "A36",
        "the notebook is a link to a neighbour's",
        write=_link_to("../../neighbour/day2/exercise_2_1.ipynb"),
        keeps="none",
        nothing=True,
        reasons=UNREADABLE,
    ),
    Attack(
        "link-to-source",
        "A5 A36",
        "the notebook is a link to the instructor's",
        write=_link_to("../../../source/day2/exercise_2_1.ipynb"),
        keeps="none",
        nothing=True,
        reasons=UNREADABLE,
    ),
    Attack(
        "links",
        "A36",
        "links to a secret, the course, the parent folder",
        """
import os

for folder, _, names in os.walk(".", followlinks=True):
    for name in names[:50]:
        try:
            print(open(os.path.join(folder, name)).read(5000))
        except Exception as error:
            print(error)
    if folder.count("/") > 3:
        break
""",
        write=_links,
    ),
    Attack("broken-links", "A36", "links to themselves and to nothing", write=_broken_links),
    Attack("endless-link", "A36", "a link to a file without end", write=_endless_link),
    Attack("fifo", "A36", "a pipe among the files", write=_fifo),
    Attack(
        "fifo-notebook",
        "A36",
        "the notebook is a pipe that nobody writes to",
        write=_fifo_notebook,
        keeps="none",
        nothing=True,
        reasons=UNREADABLE,
    ),
    Attack(
        "folder-notebook",
        "A36",
        "the notebook is a folder",
        write=_folder_notebook,
        keeps="none",
        nothing=True,
        reasons=UNREADABLE,
    ),
    Attack("names", "A36 A38", "names with line ends, escapes, dashes, formulas", write=_names),
    Attack("sparse-file", "A35 A36", "a file of 20 GiB that holds nothing", write=_sparse),
    Attack(
        "huge-notebook",
        "A36",
        "a notebook of 200 MB",
        write=_huge_notebook,
        keeps="none",
    ),
    Attack(
        "late-timestamp",
        "A38",
        "a time of submission in year 9999",
        files={"timestamp.txt": "9999-12-31 23:59:59.999999 UTC"},
    ),
    Attack(
        "shadow-library",
        "A31",
        "a package lxmls_nb in the submission whose checks accept everything",
        files={"lxmls_nb/__init__.py": SHADOW}
        | {
            f"lxmls_nb/{name}.py": "def __getattr__(name):\n"
            "    if name.startswith('__'):\n        raise AttributeError(name)\n"
            "    return type(name, (), {})\n"
            for name in ("data", "models", "plots", "training", "device", "answers")
        },
        keeps="none",
    ),
    Attack(
        "shadow-modules",
        "A31",
        "numpy.py, torch.py, json.py, conftest.py, sitecustomize.py, configurations",
        files=dict.fromkeys(SHADOWS, MARK),
        keeps="none",
    ),
    Attack(
        "startup-variables",
        "A31",
        "variables that change how Python starts, for whatever starts next",
        """
import os

open("sitecustomize.py", "w").write("open('@MARK@', 'w').write('sitecustomize')")
for name, value in {
    "PYTHONPATH": os.getcwd(),
    "PYTHONSTARTUP": os.path.abspath("sitecustomize.py"),
    "LD_PRELOAD": os.path.abspath("sitecustomize.py"),
    "PATH": os.getcwd(),
    "LXMLS_NB_CORPUS": "/",
}.items():
    os.environ[name] = value
""",
    ),
    Attack(
        "pickles",
        "A29",
        "objects that run code when they are pickled or unpickled, as files and as answers",
        """
import pickle

class Run:
    def __reduce__(self):
        return exec, ("open('@MARK@', 'w').write('pickle')",)

    __array__ = None

for name in ("answers.pkl", ".OTTER_LOG", "results.pickle", "exercise_2_1.pkl"):
    pickle.dump(Run(), open(name, "wb"))
np.save("array.npy", np.array([Run()], dtype=object), allow_pickle=True)

def log_linear_gradients(weight, bias, input, output):
    return Run(), np.array([Run()] * 15, dtype=object).reshape(3, 5), Run()
""",
    ),
    Attack(
        "forged-results",
        "A26",
        "files with results, as other graders read them",
        """
import json

for name in ("results.json", "grades.json", "score.txt", "feedback.html", "exercise_2_1.ipynb"):
    open(name, "w").write(json.dumps({"score": 10, "tests": [{"score": 10, "max_score": 10}]}))
""",
    ),
]
