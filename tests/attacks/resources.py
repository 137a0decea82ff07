"""Attacks that use up what there is: memory, processes, disk, output. All are bounded."""

from __future__ import annotations

from tests.attacks.attack import Attack

MEMORY = "it takes up to 6 GiB of memory"
DISK = "it writes 2 GiB where the course is graded"
OUTPUT = "hundreds of megabytes of output go through this machine's memory"

ATTACKS = [
    Attack(
        "memory-bomb",
        "A35",
        "6 GiB of memory in one process",
        """
blocks = []
for _ in range(96):
    blocks.append(np.ones(2**23))
print("got all of it")
""",
        keeps="before",
        reasons=("memory",),
        hurts=MEMORY,
    ),
    Attack(
        "memory-of-children",
        "A35",
        "6 GiB of memory in twelve processes",
        """
import os, time

for _ in range(12):
    if os.fork() == 0:
        block = np.ones(2**26)
        time.sleep(4)
        os._exit(0)
time.sleep(4)
""",
        keeps="before",
        reasons=("memory",),
        hurts=MEMORY,
    ),
    Attack(
        "huge-array-in-test",
        "A35",
        "the answer returns arrays of gigabytes to the test, made without memory",
        """
def log_linear_gradients(weight, bias, input, output):
    huge = np.lib.stride_tricks.as_strided(np.zeros(1), (2**17, 2**17), (0, 0))
    return 0.0, huge, np.broadcast_to(0.0, (2**40,))
""",
    ),
    Attack(
        "fork-bomb",
        "A35",
        "a thousand processes",
        """
import os, time

end = time.time() + 3
for _ in range(1000):
    if os.fork() == 0:
        time.sleep(max(0, end - time.time()))
        os._exit(0)
time.sleep(3)
""",
        keeps="before",
        hurts="it starts a thousand processes",
    ),
    Attack(
        "thread-bomb",
        "A35",
        "a thousand threads",
        """
import threading, time

for _ in range(1000):
    threading.Thread(target=time.sleep, args=(3,), daemon=True).start()
""",
        keeps="before",
    ),
    Attack(
        "file-descriptors",
        "A35",
        "every file descriptor",
        """
import os

files = []
try:
    while len(files) < 100_000:
        files.append(os.open("/dev/null", os.O_RDONLY))
except OSError as error:
    print(error)
""",
        keeps="before",
    ),
    Attack(
        "fill-disk",
        "A35",
        "2 GiB of files in the working folder, /tmp and /dev/shm",
        """
for folder in (".", "/tmp", "/dev/shm"):
    for number in range(6):
        try:
            with open(f"{folder}/@RUN@-{number}", "wb") as file:
                for _ in range(7):
                    file.write(b"x" * 2**24)
        except OSError as error:
            print(error)
            last = error
raise last
""",
        hurts=DISK,
    ),
    Attack(
        "inodes",
        "A35",
        "50 000 empty files",
        """
import os

os.makedirs("many", exist_ok=True)
for number in range(50_000):
    open(f"many/{number}", "w").close()
""",
        reasons=("disk",),
        hurts="it makes 50 000 files",
    ),
    Attack(
        "hidden-memory",
        "A35",
        "memory that belongs to no process: memfd, SysV shared memory, pipes, deleted files",
        """
import ctypes, os

libc = ctypes.CDLL(None, use_errno=True)
for number in range(8):
    identity = libc.shmget(0x4000 + number, 2**26, 0o1600)
    if identity >= 0:
        print("shared memory", identity)
        libc.shmat.restype = ctypes.c_void_p
        ctypes.memset(libc.shmat(identity, None, 0), 1, 2**26)
    try:
        with os.fdopen(os.memfd_create("x"), "wb", closefd=False) as file:
            file.write(b"x" * 2**26)
        print("memfd")
    except OSError as error:
        print(error)
""",
        hurts="shared memory stays behind until somebody removes it",
    ),
    Attack(
        "long-line",
        "A20",
        "200 MB of output in one line",
        'import sys\nfor _ in range(200):\n    sys.stdout.write("x" * 10**6)\nsys.stdout.flush()',
        hurts=OUTPUT,
    ),
    Attack(
        "many-lines",
        "A20",
        "200 lines of 100 kB",
        'for _ in range(200):\n    print("y" * 100_000)',
    ),
    Attack(
        "endless-output",
        "A20",
        "output without end on stdout and stderr, below Python too",
        """
import os, sys

while True:
    print("z" * 1000)
    print("z" * 1000, file=sys.stderr)
    os.write(1, b"z" * 1000)
    os.write(2, b"z" * 1000)
""",
        keeps="before",
        reasons=("timeout", "memory", "messages", "kernel"),
        hurts=OUTPUT,
    ),
    Attack(
        "huge-display",
        "A20",
        "50 MB of pictures and 20 000 displays",
        """
from IPython.display import display

for _ in range(5):
    display({"image/png": "A" * 10**7, "text/html": "B" * 10**6}, raw=True)
for number in range(20_000):
    display({"text/plain": str(number)}, raw=True)
""",
    ),
    Attack(
        "display-updates",
        "A20",
        "updates of a display that stands in a thousand places, 500 MB together",
        """
from IPython.display import display

for _ in range(1000):
    shown = display("x", display_id="one")
for _ in range(5):
    shown.update("y" * 10**5)
for _ in range(1000):
    shown.update("z" * 10**4)
""",
    ),
    Attack(
        "deep-recursion",
        "A35",
        "recursion until the stack overflows",
        """
import sys

sys.setrecursionlimit(10**9)

class Deep:
    def __getattr__(self, name):
        return getattr(self, name + "x")

def deep(function):
    return max([function], key=deep)

deep(1)
""",
        keeps="before",
    ),
    Attack(
        "many-cores",
        "A35",
        "threads that compute for ever, at the highest priority",
        """
import os, threading

try:
    os.nice(-20)
except OSError as error:
    print(error)

def compute():
    while True:
        np.ones((300, 300)) @ np.ones((300, 300))

for _ in range(16):
    threading.Thread(target=compute, daemon=True).start()
""",
        keeps="before",
    ),
]
