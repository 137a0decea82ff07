"""The student kernel behaves as a stock one, on cells as IPython's documentation has them."""

from __future__ import annotations

import json
import re
from dataclasses import replace

import pytest
from nbclient import NotebookClient
from nbformat.v4 import new_code_cell, new_notebook

from tests.support.execution import SETTINGS

pytestmark = pytest.mark.slow

#: Cells in the order in which they run, after IPython's pages "Asynchronous in REPL: Autoawait",
#: "Built-in magic commands" and "IPython as a system shell", and ipykernel's on asynchronous cells.
CELLS = r"""
import asyncio
---
await asyncio.sleep(0.01)
---
async def one(value=1):
    await asyncio.sleep(0.01)
    return value
await one()
---
await asyncio.gather(one(1), one(2), one(3))
---
await asyncio.to_thread(sum, [1, 2, 3])
---
[await one(n) for n in range(3)]
---
async def ticks():
    for n in range(3):
        yield n
async for n in ticks():
    print(n)
---
class Context:
    async def __aenter__(self):
        print("in")
    async def __aexit__(self, *error):
        print("out")
async with Context():
    print("within")
---
task = asyncio.create_task(one(5))
---
await task
---
async with asyncio.TaskGroup() as group:
    first, second = group.create_task(one(7)), group.create_task(one(8))
first.result(), second.result()
---
async with asyncio.timeout(0.01):
    await asyncio.sleep(1)
---
await asyncio.wait_for(one(9), 5)
---
queue = asyncio.Queue()
await queue.put("item")
await queue.get()
---
coroutine = one()
asyncio.run(coroutine)
---
asyncio.get_event_loop().run_until_complete(coroutine)
---
coroutine.close()
---
asyncio.get_running_loop().is_running()
---
await one() + await one()
1 / 0
---
%autoawait
---
%autoawait False
---
%autoawait True
---
await one(4)
---
process = await asyncio.create_subprocess_exec("echo", "hello", stdout=asyncio.subprocess.PIPE)
(await process.communicate())[0]
---
%%writefile my_utils.py
def double(value):
    return 2 * value
---
import my_utils
my_utils.double(4)
---
from my_utils import double; double(5)
---
%%writefile -a my_utils.py
def triple(value):
    return 3 * value
---
import importlib
importlib.reload(my_utils).triple(2)
---
%mkdir package
---
%%file package/__init__.py
name = "a package"
---
import package
package.name
---
%run my_utils.py
double(6)
---
%%writefile script.py
import sys
print(__name__, sys.argv)
---
%run script.py one two
---
%cat my_utils.py
---
%pycat my_utils.py
---
!echo hello
---
files = !ls *.py
files
---
name = "value"
!echo $name {name} "{2 + 3}"
---
%%bash
echo from bash
exit 3
---
%%sh
echo from sh
---
%%script bash --out text
echo captured
---
text
---
%%capture captured
print("not shown")
3
---
captured.stdout
---
%env MY_VARIABLE=3
---
%env MY_VARIABLE
---
import os
os.environ["MY_VARIABLE"]
---
%cd package
---
%cd -q ..
---
%pushd package
---
%popd
---
x = 3
y = [1, 2]
---
%who int
---
%who_ls list
---
%psearch my_ut*
---
%pinfo2 my_utils.double
---
my_utils.double?
---
double??
---
%pdef my_utils.double
---
%pdoc len
---
%precision 3
3.14159265
---
%precision
---
%xmode Plain
---
1 / 0
---
%xmode Context
---
%%time
z = 4
---
z
---
%time x = 5
---
x
---
%timeit -n1 -r1 pass
---
%%timeit -n1 -r1 a = 3
a + 1
---
%prun -q sum([1, 2])
---
%alias greet echo hello %s
---
%greet you
---
%unalias greet
---
%macro -q again 3
---
%reset_selective -f ^z$
---
z
---
%%html
<b>bold</b>
---
%%latex
$x$
---
%%markdown
*text*
---
%%javascript
alert(1)
---
%%svg
<svg/>
---
from IPython.display import HTML, Markdown, display, clear_output
display(HTML("<i>x</i>"), Markdown("*x*"), {"a": 1})
---
print("before")
clear_output()
print("after")
---
_
---
7
---
_, __
---
_i
---
In[-2]
---
Out
---
3;
---
%lsmagic
---
%magic_that_is_not_there
---
%%cell_magic_that_is_not_there
3
---
%matplotlib inline
---
%config InlineBackend.figure_format
---
%load_ext autoreload
---
%autoreload 2
---
%config IPCompleter.use_jedi = False
---
%notebook_that_is_no_magic
---
import sys
print("to stderr", file=sys.stderr)
---
import warnings
warnings.warn("a warning")
---
input("a question")
---
raise SystemExit
---
x
---
exit()
x = "after exit"
---
import time
time.sleep(0.3)
x
---
quit()
---
sys.exit(1)
---
exit
---
x
---
def broken(:
---
  indented = 3
indented
---
if True:
indented
---
x = 1; \
y = 2
x + y
---
%%python3
print("another Python")
---
get_ipython().run_line_magic("pwd", "").startswith("/")
---
%history 1-3
---
%logstate
---
%pip --version
---
%tb
---
assert x == 2, "not two"
---
from __future__ import annotations
def f(x: not_there): ...
f.__annotations__
---
%reset -f
---
x
---
await asyncio.sleep(0)
---
import asyncio
await asyncio.sleep(0)
"at the end"
"""

#: Lines that stop the loop of the stock kernel, which is spared them.
ENDING = re.compile(r"^(exit|quit)(\(\))?$", re.MULTILINE)

#: What differs from run to run, or from one machine to another.
VARIES = (
    (r"\x1b\[[0-9;]*m", ""),
    (r"\r\n", "\n"),
    (r"(?<=[' ])~(?=['\n])", "PATH"),
    (r"/[\w./-]*?ipykernel_\d+/\d+\.py", "CELL"),
    (r"\d[\d.]* ?(ns|us|µs|μs|ms|s|min)\b", "TIME"),
    (r"0x[0-9a-f]+", "0x"),
    (r"(/[\w.@+-]+)+/?", "PATH"),
    (r"(?<=In\[)\d+(?=\])", "N"),
    (r"CPU times:[^\n]*\n", ""),
    (r"Compiler *: TIME\n", ""),
    (r"Wall time: TIME\n", ""),
    (r"TIME ± TIME[^\n]*\n", "TIMES\n"),
    (r"line \d+ in execute_request.*", ""),
)


def _without_what_varies(text: str) -> str:
    for pattern, replacement in VARIES:
        text = re.sub(pattern, replacement, text)
    return text


def shown(cell) -> list[tuple[str, str]]:
    """Return the outputs of a cell, without what differs from run to run."""
    found: list[tuple[str, str]] = []
    for output in cell.outputs:
        if output.output_type == "stream":
            kind, text = output.name, output.text
        elif output.output_type == "error":
            kind, text = "error", f"{output.ename}: {output.evalue}"
        else:
            kind, text = output.output_type, json.dumps(output.data, sort_keys=True)
        # A kernel sends what was printed so far when it gets to it, in the midst of a line, too.
        if found and found[-1][0] == kind and kind in ("stdout", "stderr"):
            text = found.pop()[1] + text
        found.append((kind, text))
    found = [(kind, _without_what_varies(text)) for kind, text in found]
    # The order of two streams is not defined, and what tests print to the two is shown in both.
    return sorted(found)


@pytest.fixture(scope="module")
def executed(warm, tmp_path_factory):
    """The cells, executed by a stock kernel and by ours."""
    codes = [code.strip("\n") for code in CELLS.split("\n---\n")]
    folder = tmp_path_factory.mktemp("stock")
    stock = new_notebook(cells=[new_code_cell(ENDING.sub("", code)) for code in codes])
    options = {"allow_errors": True, "timeout": 60, "kernel_name": "python3"}
    NotebookClient(stock, resources={"metadata": {"path": str(folder)}}, **options).execute()
    ours = warm.execute(new_notebook(cells=[new_code_cell(code) for code in codes]), SETTINGS)
    assert "reasons" not in ours.metadata["lxmls_nb"]
    return list(zip(codes, stock.cells, ours.cells, strict=True))


def test_cells_do_what_they_do_in_a_stock_kernel(executed):
    assert len(executed) > 100
    different = {
        code: (shown(stock), shown(ours))
        for code, stock, ours in executed
        if shown(stock) != shown(ours)
    }
    for code, (stock, ours) in different.items():
        print(f"{code}\n  stock: {stock}\n  ours:  {ours}")
    assert not different


def test_exit_and_quit_change_nothing(executed):
    after = {code: shown(ours) for code, _, ours in executed if code.startswith(("exit", "quit"))}
    assert after.keys() >= {'exit()\nx = "after exit"', "quit()", "exit"}
    assert not any(after.values())


def test_coroutine_that_never_ends_is_interrupted(warm):
    cells = ["import asyncio\nwhile True: await asyncio.sleep(0)", "await asyncio.sleep(0, 5)"]
    notebook = new_notebook(cells=[new_code_cell(code) for code in cells])
    notebook.cells[1].metadata["nbgrader"] = {"solution": True}  # it is not skipped
    notebook = warm.execute(notebook, replace(SETTINGS, timeout=1))
    assert [out.ename for out in notebook.cells[0].outputs] == ["CancelledError"]
    assert notebook.cells[1].outputs[0].data["text/plain"] == "5"
