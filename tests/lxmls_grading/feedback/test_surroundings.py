"""What is where a student works and not where is graded: a person looks at what failed for it."""

from __future__ import annotations

import pytest
from nbformat.v4 import new_output

from lxmls_grading.feedback.surroundings import explain_missing
from lxmls_grading.feedback.undefined import explain_errors
from lxmls_nb.checks.mistakes.torch_errors import name_error
from lxmls_nb.checks.mistakes.torch_shapes import Raised
from tests.lxmls_grading.feedback.test_undefined import fail, failure, rebuilt
from tests.support.odd_course import cell, own

NO_INPUT = "raw_input was called, but this frontend does not support input requests."
NO_PANDAS = "No module named 'pandas.core'"


class TestModulesThatAreNotThere:
    """They may be where the student works: a person looks at what failed for want of them."""

    def test_in_an_answer(self):
        notebook = rebuilt()
        cell(notebook, "area").source = "import pandas\ndef area(radius): return 1"
        fail(notebook, "area", NO_PANDAS)
        fail(notebook, "test-area", "name 'area' is not defined")
        fail(notebook, "test-shapes", "name 'Square' is not defined")
        (why,) = explain_errors(notebook)
        assert (why.kind, why.cells) == ("set aside", ("area", "test-area"))
        assert "needs `pandas.core`, which is not there" in why.text

    def test_in_a_cell_of_ones_own_that_an_answer_needs(self):
        notebook = rebuilt()
        notebook.cells.insert(2, own("import pandas as pd\ndef helper(x): return x"))
        notebook.cells[2].outputs = [failure(NO_PANDAS)]
        cell(notebook, "area").source = "def area(radius): return helper(3.14) * radius**2"
        fail(notebook, "test-area", "name 'helper' is not defined")
        (why,) = explain_missing(notebook)
        assert why.cells == ("area", "test-area")

    def test_in_an_answer_that_changes_what_is_given(self):
        notebook = rebuilt()
        cell(notebook, "area").source = "import pandas\ntable['b'] = 2"
        fail(notebook, "area", NO_PANDAS)
        fail(notebook, "test-area", "KeyError: 'b'")
        fail(notebook, "test-shapes", "AssertionError")  # it follows another answer
        (why,) = explain_missing(notebook)
        assert why.cells == ("area", "test-area")

    def test_in_a_function(self):
        notebook = rebuilt()
        fail(notebook, "test-area", f"`area` fails: ModuleNotFoundError: {NO_PANDAS}")
        (why,) = explain_missing(notebook)
        assert why.cells == ("test-area",)

    def test_what_is_defined_anew_or_not_used_costs_nothing(self):
        notebook = rebuilt()
        notebook.cells.insert(2, own("import pandas\ndef area(x): return x"))
        notebook.cells[2].outputs = [failure(NO_PANDAS)]
        cell(notebook, "area").source = "def area(radius): return 1"
        fail(notebook, "test-area", "AssertionError")
        assert explain_missing(notebook) == []

    def test_where_no_test_fails_nobody_looks(self):
        notebook = rebuilt()
        fail(notebook, "area", NO_PANDAS)
        assert explain_missing(notebook) == []

    def test_a_module_that_a_test_itself_imports_is_the_tests(self):
        notebook = rebuilt()
        cell(notebook, "test-area").source = "from pandas import core\nassert area(1) > 3"
        fail(notebook, "test-area", NO_PANDAS)
        assert explain_missing(notebook) == []

    def test_what_a_given_cell_defines_is_not_lacking(self):
        notebook = rebuilt()
        notebook.cells.insert(0, own("import numpy\nimport math, pandas"))
        notebook.cells[0].outputs = [failure(NO_PANDAS)]
        cell(notebook, "area").source = "def area(radius): return math.pi"
        fail(notebook, "test-area", "AssertionError")
        assert explain_missing(notebook) == []

    def test_long_names_take_no_time(self):
        notebook = rebuilt()
        text = "No module named '" + "a" * 500_000
        fail(notebook, "area", text * 2)
        fail(notebook, "test-area", text)
        assert explain_missing(notebook) == []

    def test_modules_of_this_project_are_left_out_on_purpose(self):
        notebook = rebuilt()
        fail(notebook, "area", "No module named 'lxmls_nb.checks.numerical'")
        fail(notebook, "test-area", "name 'area' is not defined")
        assert explain_missing(notebook) == []


CONTENT = "[Errno 2] No such file or directory: '/content/drive/MyDrive/day2'"


class TestOtherThings:
    """Files, the network, GPUs, windows, locales."""

    @pytest.mark.parametrize(
        ("error", "what"),
        [
            (f"FileNotFoundError: {CONTENT}", "the file `/content/drive/MyDrive/day2`"),
            (
                "FileNotFoundError: [Errno 2] No such file or directory: 'a.json'",
                "the file `a.json`",
            ),
            ("OSError: [Errno 30] Read-only file system: '../log.txt'", "the file `../log.txt`"),
            ("PermissionError: [Errno 13] Permission denied: '/srv/a b'", "the file `/srv/a b`"),
            ('FileNotFoundError: [Errno 2] No such file or directory: "a\'b"', "the file `a'b`"),
            ("URLError: <urlopen error [Errno -2] Name or service not known>", "the network"),
            ("gaierror: [Errno -3] Temporary failure in name resolution", "the network"),
            ("AssertionError: Torch not compiled with CUDA enabled", "a GPU"),
            ("RuntimeError: Found no NVIDIA driver on your system.", "a GPU"),
            ("AssertionError: Torch not compiled with XPU enabled", "a GPU"),
            ("RuntimeError: PyTorch is not linked with support for mps devices", "a GPU"),
            (
                "NotImplementedError: Could not run 'aten::empty.memory_format' with arguments "
                "from the 'MPS' backend.",
                "a GPU",
            ),
            ("RuntimeError: Cannot execute emptyCache() without MPS backend.", "a GPU"),
            ("RuntimeError: Cannot get CUDA generator without ATen_cuda library.", "a GPU"),
            ("AttributeError: module 'torch._C' has no attribute '_cuda_setDevice'", "a GPU"),
            ("RuntimeError: 'widget' is not a recognised GUI loop or backend name", "a window"),
            ("Error: unsupported locale setting", "another locale"),
            (f"StdinNotImplementedError: {NO_INPUT}", "a keyboard for `input`"),
            ("BdbQuit: ", "a keyboard for the debugger"),
        ],
    )
    def test_in_an_answer(self, error, what):
        notebook = rebuilt()
        ename, _, evalue = error.partition(": ")
        cell(notebook, "area").outputs = [failure(evalue, ename)]
        fail(notebook, "test-area", "name 'area' is not defined")
        fail(notebook, "test-shapes", "name 'Square' is not defined")
        (why,) = explain_missing(notebook)
        assert (why.kind, why.cells) == ("set aside", ("area", "test-area"))
        assert f"your code needs {what}" in why.text

    @pytest.mark.parametrize(
        "message",
        [
            "Torch not compiled with CUDA enabled",
            "No CUDA GPUs are available",
            "Found no NVIDIA driver on your system. Please check that you have one.",
            "PyTorch is not linked with support for mps devices",
        ],
    )
    def test_a_check_that_names_it_leaves_the_words_of_pytorch(self, message):
        found = name_error(Raised("RuntimeError", message, "x = input.cuda()"))
        notebook = rebuilt()
        fail(notebook, "test-area", found.sentence())
        (why,) = explain_missing(notebook)
        assert "your code needs a GPU" in why.text

    def test_a_line_that_ipython_does_not_know(self):
        notebook = rebuilt()
        cell(notebook, "area").source = "%tensorflow_version 2.x\ndef area(radius): return 1"
        text = "a warning\nUsageError: Line magic function `%tensorflow_version` not found.\n"
        cell(notebook, "area").outputs = [new_output("stream", name="stderr", text=text)]
        fail(notebook, "test-area", "name 'area' is not defined")
        (why,) = explain_missing(notebook)
        assert why.cells == ("area", "test-area")
        assert "needs the magic `%tensorflow_version`, which" in why.text
        of_cell = "UsageError: Cell magic `%%memit` not found.\n"
        cell(notebook, "area").outputs[0].text = of_cell
        assert "needs the magic `%%memit`, which" in explain_missing(notebook)[0].text
        mistyped = text.replace("found.", "found (But cell magic `%%x` exists, did you mean it?).")
        cell(notebook, "area").outputs[0].text = mistyped
        assert explain_missing(notebook) == []

    def test_a_path_of_the_students_machine_in_a_function(self):
        notebook = rebuilt()
        fail(notebook, "test-area", f"`area` fails: FileNotFoundError: {CONTENT}")
        (why,) = explain_missing(notebook)
        assert why.cells == ("test-area",)

    def test_a_breakpoint_in_a_function_waits_and_a_question_in_it_does_not(self):
        notebook = rebuilt()
        cell(notebook, "test-area").outputs = [failure("", "BdbQuit")]
        fail(notebook, "test-shapes", f"`double` fails: StdinNotImplementedError: {NO_INPUT}")
        (why,) = explain_missing(notebook)
        assert why.cells == ("test-area",)

    @pytest.mark.parametrize("path", ["input.txt", "/scratch/in.txt", "/etc/lxmls.txt"])
    def test_files_of_a_test_are_the_tests(self, path):
        notebook = rebuilt()
        cell(notebook, "test-area").source = "assert area('/etc/lxmls.txt') > 3"
        text = f"[Errno 2] No such file or directory: '{path}'"
        fail(notebook, "test-area", f"`area` fails: FileNotFoundError: {text}")
        assert explain_missing(notebook) == []

    @pytest.mark.parametrize(
        "error", ["ValueError: math domain error", "FileNotFoundError: none", "OSError: [Errno 2]"]
    )
    def test_other_errors_are_the_students(self, error):
        notebook = rebuilt()
        ename, _, evalue = error.partition(": ")
        cell(notebook, "area").outputs = [failure(evalue, ename)]
        fail(notebook, "test-area", "name 'area' is not defined")
        assert explain_missing(notebook) == []
