"""Attacks with processes, signals and the network."""

from __future__ import annotations

from tests.attacks.attack import ISOLATED, Attack

STOPS_EVERYTHING = "it would end or stop every process of this machine"

#: Sleeps on, in a command line that the harness finds again.
SLEEPER = '[sys.executable, "-c", "import time; time.sleep(120)", "@RUN@"]'

ATTACKS = [
    Attack(
        "os-exit",
        "A16",
        "os._exit in an answer",
        "import os\nos._exit(0)",
        keeps="before",
        reasons=("kernel",),
    ),
    Attack(
        "os-exit-in-test",
        "A16",
        "os._exit when a test calls the answer",
        """
import os

def log_linear_gradients(weight, bias, input, output):
    os._exit(0)
""",
        keeps="before",
        reasons=("kernel",),
    ),
    Attack(
        "sys-exit",
        "A17 A45",
        "sys.exit, exit and quit in an answer",
        "import sys\nexit()\nquit(True)\nsys.exit(0)",
    ),
    Attack(
        "crash",
        "",
        "a segmentation fault",
        "import ctypes\nctypes.string_at(0)",
        keeps="before",
        reasons=("kernel",),
    ),
    Attack(
        "endless-loop",
        "A18",
        "while True in an answer",
        "while True:\n    pass",
        keeps="before",
        reasons=("timeout",),
    ),
    Attack(
        "endless-ignoring",
        "A19",
        "a loop that swallows KeyboardInterrupt, with signals ignored",
        """
import signal, time

for number in range(1, 65):
    try:
        signal.signal(number, signal.SIG_IGN)
    except (OSError, ValueError):
        pass
signal.pthread_sigmask(signal.SIG_BLOCK, range(1, 65))
while True:
    try:
        while True:
            time.sleep(0.01)
    except BaseException:
        pass
""",
        keeps="before",
        reasons=("timeout",),
    ),
    Attack(
        "endless-in-test",
        "A18 A19",
        "a loop that swallows everything when a test calls the answer",
        """
import time

def log_linear_gradients(weight, bias, input, output):
    while True:
        try:
            while True:
                time.sleep(0.01)
        except BaseException:
            pass
""",
        keeps="before",
        reasons=("timeout", "kernel"),
    ),
    Attack(
        "stop-itself",
        "A19",
        "the kernel stops itself, which looks neither dead nor busy",
        "import os, signal\nos.kill(os.getpid(), signal.SIGSTOP)",
        keeps="before",
        reasons=("timeout", "kernel"),
    ),
    Attack(
        "detached-child",
        "A21",
        "children in sessions of their own, once and twice forked",
        f"""
import os, subprocess, sys

child = subprocess.Popen({SLEEPER}, start_new_session=True)
if os.fork() == 0:
    os.setsid()
    if os.fork():
        os._exit(0)
    os.execv(sys.executable, {SLEEPER})
""",
    ),
    Attack(
        "forked-kernel",
        "",
        "the kernel forks, and both answer",
        "import os\nfor _ in range(3):\n    os.fork()",
        keeps="before",
    ),
    Attack(
        "close-files",
        "",
        "the kernel closes all its files and sockets",
        "import os\nos.closerange(3, 4096)",
        keeps="before",
        reasons=("kernel", "timeout", "messages"),
    ),
    Attack(
        "kill-parent",
        "",
        "kill the parent process",
        "import os\nos.kill(os.getppid(), 9)\nif os.getppid() > 1:\n    os.kill(os.getppid(), 9)",
        keeps="before",
    ),
    Attack(
        "kill-everybody",
        "",
        "kill every process that can be reached",
        ISOLATED
        + """
for pid in (-1, 1, os.getppid(), 0):
    try:
        os.kill(pid, 9)
    except OSError as error:
        print(error)
os._exit(1)
""",
        keeps="before",
        reasons=("kernel",),
        hurts=STOPS_EVERYTHING,
    ),
    Attack(
        "stop-everybody",
        "",
        "stop every other process that can be reached, then wait",
        ISOLATED
        + """
import signal, time

for pid in range(1, 100_000):
    if pid != os.getpid():
        try:
            os.kill(pid, signal.SIGSTOP)
        except OSError:
            pass
time.sleep(1)
""",
        keeps="before",
        hurts=STOPS_EVERYTHING,
    ),
    Attack(
        "namespaces",
        "A25",
        "namespaces of one's own, mounts, devices, a way out of the root",
        """
import ctypes, os, stat, subprocess

commands = ["unshare -Urm sh -c 'mount -t tmpfs x /mnt; touch @MARK@'", "sudo -n touch @MARK@",
            "nsenter -t 1 -a touch @MARK@", "chroot /proc/1/root touch @MARK@",
            "mount -o remount,rw /; touch /usr/@RUN@ && rm /usr/@RUN@ && touch @MARK@",
            "mknod disk b 254 0 && head -c 512 disk && touch @MARK@"]
for command in commands:
    print(subprocess.run(command, shell=True, capture_output=True, text=True, timeout=3))
print(ctypes.CDLL(None).unshare(0x10020000))
for folder in ("/usr/lib", "/etc", "/", os.path.dirname(os.__file__), "/dev/shm/..", "/proc/sys"):
    try:
        open(f"{folder}/@RUN@", "w").close()
        os.unlink(f"{folder}/@RUN@")
        open("@MARK@", "w").write(folder)
    except OSError as error:
        print(error)
""",
    ),
    Attack(
        "patch-installation",
        "A26 A30",
        "overwrite the library, site-packages and start-up files on the disk",
        """
import os, site
import lxmls_nb

code = "open('@MARK@', 'w').write('start-up file')"
folders = [os.path.dirname(lxmls_nb.__file__), *site.getsitepackages(), "/etc/profile.d"]
folders += [os.path.expanduser("~/.ipython/profile_default/startup")]
for folder in folders:
    try:  # a name that nothing imports: what would be done is shown, and not done
        os.makedirs(folder, exist_ok=True)
        path = os.path.join(folder, "attack_@RUN@.txt")
        open(path, "w").write(code)
        os.unlink(path)
        if "ipython" not in folder:
            open("@MARK@", "w").write(folder)
    except OSError as error:
        print(error)
""",
    ),
    Attack(
        "network",
        "A25",
        "TCP to a listener on this machine, names, multicast, abstract Unix sockets",
        """
import socket, subprocess, urllib.request

def call(family, address):
    try:
        with socket.socket(family, socket.SOCK_STREAM) as connection:
            connection.settimeout(2)
            connection.connect(address)
            connection.sendall(b"network attack")
            print("connected to", address)
    except OSError as error:
        print(error)

call(socket.AF_INET, ("127.0.0.1", @PORT@))
call(socket.AF_UNIX, "\\0@SOCKET@")
call(socket.AF_UNIX, "/run/docker.sock")
call(socket.AF_INET, ("192.0.2.1", 80))
try:
    socket.setdefaulttimeout(2)
    print(socket.getaddrinfo("localhost", 80))
except OSError as error:
    print(error)
""",
    ),
    Attack(
        "magics",
        "A39",
        "cells with %run, !command, %%bash, %%javascript, comms",
        """
open("run_me.py", "w").write("open('@MARK@', 'w').write('%run')")
get_ipython().run_line_magic("run", "run_me.py")
get_ipython().system("touch @MARK@")
get_ipython().run_cell_magic("bash", "", "touch @MARK@")
get_ipython().run_cell_magic("javascript", "", "alert(1)")
from comm import create_comm
comm = create_comm(target_name="anything", data={"html": "<script>alert(1)</script>"})
comm.send({"more": "<script>alert(2)</script>"})
""",
    ),
    Attack(
        "asks-for-input",
        "",
        "input(), getpass and a debugger wait for somebody",
        """
try:
    input("password of the instructor? ")
except BaseException as error:
    print(error)
get_ipython().run_line_magic("pdb", "on")
breakpoint()
""",
    ),
]
