"""What a student kernel can see and do."""

from __future__ import annotations

import ast
import os
import subprocess
import sys
from dataclasses import replace

from nbformat.v4 import new_code_cell, new_notebook

from lxmls_grading.execution.warm_process import WarmProcess
from lxmls_grading.kernel.forked import ENVIRONMENT
from lxmls_grading.sandbox.confinement import TERMINALS
from tests.support.course import ROOT
from tests.support.execution import attempt, kinds, printed, see


def test_course_is_not_in_sight(warm, settings):
    code = f"""
import os, sys
walk = os.walk({str(ROOT)!r})
found = [os.path.join(folder, name) for folder, _, names in walk for name in names]
print([name for name in found if not name.startswith(sys.prefix) and "lxmls_nb/" not in name])
print(os.path.isdir({str(ROOT / "lxmls_nb")!r}))
"""
    assert see(warm, code, settings) == "[]\nTrue"


def test_homes_and_settings_are_not_in_sight(warm, settings):
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
    assert see(warm, code, settings) == ""


def test_only_the_scratch_folder_can_be_written(warm, settings):
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
    assert see(warm, code, settings) == "/scratch /scratch /scratch"


def test_no_process_but_its_own_is_in_sight(warm, settings):
    code = """
import os
for pid in sorted(int(name) for name in os.listdir("/proc") if name.isdigit()):
    print(open(f"/proc/{pid}/comm").read().strip(), end=" ")
"""
    names = see(warm, code, settings).split()
    assert names[0] == "cat"
    assert len(names) == 2


def test_kernels_don_t_see_each_other(warm):
    write = "for folder in ('/scratch', '/dev/shm'): open(folder + '/secret', 'w').close()"
    assert see(warm, write) == ""
    look = "import glob; print(glob.glob('/*/secret') + glob.glob('/dev/shm/*'))"
    assert see(warm, look) == "[]"


def test_environment_says_nothing(warm, settings, monkeypatch):
    """Neither what the grader's variables are, nor how the warm process was started."""
    monkeypatch.setenv("SECRET_TOKEN", "hunter2")
    for name in ("PATH", "VIRTUAL_ENV", "LANG", "XDG_CACHE_HOME", "TMPDIR"):
        before = os.environ.get(name, "")
        monkeypatch.setenv(name, f"{before}{os.pathsep}/hunter2" if name != "TMPDIR" else before)
    with WarmProcess() as process:  # it inherits what is set now
        code = """
import os, posix
print(set(open("/proc/self/environ", "rb").read()))
print(open("/proc/self/cmdline", "rb").read().rstrip(b"\\0"))
print({*dict(os.environ), *(name.decode() for name in posix.environ)})
print(dict(os.environ), posix.environ)
"""
        text = see(process, code, settings)
    lines = text.splitlines()
    assert lines[:2] == ["{0}", "b'lxmls-nb student kernel'"]
    own = {*ENVIRONMENT, "HOME", "TMPDIR"}
    of_the_kernel = {"TERM", "CLICOLOR", "FORCE_COLOR", "CLICOLOR_FORCE", "PAGER", "GIT_PAGER"}
    assert ast.literal_eval(lines[2]) <= own | of_the_kernel
    assert "hunter2" not in text


def test_no_right_is_left(warm, settings):
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
    assert see(warm, code, settings) == "none"


def test_no_network(warm, settings):
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
        assert see(warm, code, settings) == "no\nno"
    finally:
        listener.kill()
        listener.wait()


def test_a_name_of_the_network_is_looked_up_in_no_time(warm, settings):
    """Each one took ten seconds, which added up to the limit of a cell that loads something."""
    code = """
import socket, time
start = time.monotonic()
for name in ("example.org", "pypi.org"):
    try:
        print(socket.getaddrinfo(name, 443))
    except socket.gaierror as error:
        print(error)
print(time.monotonic() - start < 4)
"""
    lines = see(warm, code, settings).splitlines()
    assert lines[-1] == "True"
    assert all("name resolution" in line for line in lines[:2])


def test_loopback_is_down_and_memory_is_taken_from_it_first(warm, settings):
    code = """
import socket
listener = socket.socket()
try:
    listener.bind(("127.0.0.1", 0))
    listener.listen()
    socket.create_connection(listener.getsockname(), 1)
    print("connected")
except OSError:
    print("no")
print(open("/proc/self/oom_score_adj").read().strip())
one, two = socket.socketpair()
one.send(b"still there")
print(two.recv(20).decode())
"""
    assert see(warm, code, settings) == "no\n1000\nstill there"


def test_buffers_of_sockets_are_memory(warm, settings):
    code = """
import socket, time
pairs = [socket.socketpair() for _ in range(200)]
time.sleep(5)
"""
    _, points, reasons = attempt(warm, code, replace(settings, memory=190 * 2**20))
    assert kinds(reasons) == ["memory"]
    assert points == 2  # in a fresh kernel


def test_terminals_are_few(warm, settings):
    """All users of the machine share some 3000; another kernel gets its own number of them."""
    code = """
import os
taken = []
try:
    for _ in range(300):
        taken.append(os.open("/dev/ptmx", os.O_RDWR | os.O_NOCTTY))
except OSError as error:
    print(len(taken), error.strerror)
os.close(taken.pop())
get_ipython().system("tty")
"""
    assert see(warm, code, settings) == f"{TERMINALS} No space left on device\n/dev/pts/15"
    assert see(warm, "!tty", settings) == "/dev/pts/0"


def test_memory_cannot_be_kept_secret(warm, settings):
    code = """
import ctypes
libc = ctypes.CDLL(None, use_errno=True)
print(libc.prctl(4, 0, 0, 0, 0), ctypes.get_errno(), libc.prctl(3, 0, 0, 0, 0))
"""
    assert see(warm, code, settings) == "-1 1 1"


def test_the_course_s_own_tools_work(warm, settings):
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
    executed = warm.execute(new_notebook(cells=cells), settings)
    assert "hello" in printed(executed)
    kinds = [kind for o in executed.cells[1].outputs for kind in o.get("data", {})]
    assert "image/png" in kinds


def test_python_is_that_of_the_kernel_in_commands_too(warm, settings):
    code = """
import subprocess, sys
command = ["python", "-c", "import sys, nbgrader; print(sys.prefix)"]
print(subprocess.run(command, capture_output=True, text=True).stdout.strip() == sys.prefix)
"""
    assert see(warm, code, settings) == "True"
