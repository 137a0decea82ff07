"""The system calls that a student's code may use, by name, with their numbers on each machine.

All calls that are not listed are refused. The list begins with what Docker allows to every
container (``profiles/seccomp/default.json`` of https://github.com/moby/moby), and leaves out what
no notebook needs:

* memory and objects of the kernel that belong to no process, or of which one user can take what
  all need: shared memory, semaphores and queues of System V, ``mq_open``, ``memfd_create``,
  ``io_setup``, ``io_uring_setup``, ``vmsplice``;
* other processes: ``ptrace``, ``process_vm_readv``, ``pidfd_getfd``, ``process_madvise``, ``kcmp``;
* what acts on the whole machine, or watches it: ``sync``, ``fanotify_init``, ``fanotify_mark``,
  ``name_to_handle_at``, ``clock_adjtime``;
* what is hardly used, and has had holes: ``modify_ldt``, ``remap_file_pages``, ``seccomp``, and the
  placing of memory (``mbind``, ``set_mempolicy``), which Docker refuses, too. OpenBLAS, ``ps`` and
  ``top`` try the last two, and go on without them.

Numbers are those of Linux's ``asm/unistd_64.h`` (x86_64) and ``asm-generic/unistd.h`` (aarch64).
"""

from __future__ import annotations

from collections.abc import Mapping

#: The machines of the columns below, as :func:`platform.machine` names them.
MACHINES = ("x86_64", "aarch64")

#: The last call of which it was decided whether to list it (``set_mempolicy_home_node`` of Linux
#: 5.17). To later ones, a filter answers that Linux does not have them, and libc does without.
LAST = 450

#: Files and folders, and what is open.
FILES = {
    "read": (0, 63), "write": (1, 64), "readv": (19, 65), "writev": (20, 66), "pread64": (17, 67),
    "pwrite64": (18, 68), "preadv": (295, 69), "pwritev": (296, 70), "preadv2": (327, 286),
    "pwritev2": (328, 287), "open": (2, None), "openat": (257, 56), "openat2": (437, 437),
    "creat": (85, None), "close": (3, 57), "close_range": (436, 436), "lseek": (8, 62),
    "dup": (32, 23), "dup2": (33, None), "dup3": (292, 24), "fcntl": (72, 25), "flock": (73, 32),
    "fsync": (74, 82), "fdatasync": (75, 83), "sync_file_range": (277, 84),
    "fadvise64": (221, 223), "readahead": (187, 213), "fallocate": (285, 47), "truncate": (76, 45),
    "ftruncate": (77, 46), "sendfile": (40, 71), "splice": (275, 76), "tee": (276, 77),
    "copy_file_range": (326, 285), "pipe": (22, None), "pipe2": (293, 59), "stat": (4, None),
    "fstat": (5, 80), "lstat": (6, None), "newfstatat": (262, 79), "statx": (332, 291),
    "statfs": (137, 43), "fstatfs": (138, 44), "access": (21, None), "faccessat": (269, 48),
    "faccessat2": (439, 439), "getdents": (78, None), "getdents64": (217, 61), "getcwd": (79, 17),
    "chdir": (80, 49), "fchdir": (81, 50), "mkdir": (83, None), "mkdirat": (258, 34),
    "rmdir": (84, None), "rename": (82, None), "renameat": (264, 38), "renameat2": (316, 276),
    "link": (86, None), "linkat": (265, 37), "unlink": (87, None), "unlinkat": (263, 35),
    "symlink": (88, None), "symlinkat": (266, 36), "readlink": (89, None), "readlinkat": (267, 78),
    "mknod": (133, None), "mknodat": (259, 33), "umask": (95, 166), "chmod": (90, None),
    "fchmod": (91, 52), "fchmodat": (268, 53), "chown": (92, None), "fchown": (93, 55),
    "lchown": (94, None), "fchownat": (260, 54), "utime": (132, None), "utimes": (235, None),
    "utimensat": (280, 88), "futimesat": (261, None), "setxattr": (188, 5), "lsetxattr": (189, 6),
    "fsetxattr": (190, 7), "getxattr": (191, 8), "lgetxattr": (192, 9), "fgetxattr": (193, 10),
    "listxattr": (194, 11), "llistxattr": (195, 12), "flistxattr": (196, 13),
    "removexattr": (197, 14), "lremovexattr": (198, 15), "fremovexattr": (199, 16),
    "select": (23, None), "pselect6": (270, 72), "poll": (7, None), "ppoll": (271, 73),
    "epoll_create": (213, None), "epoll_create1": (291, 20), "epoll_ctl": (233, 21),
    "epoll_wait": (232, None), "epoll_pwait": (281, 22), "epoll_pwait2": (441, 441),
    "eventfd": (284, None), "eventfd2": (290, 19), "signalfd": (282, None), "signalfd4": (289, 74),
    "inotify_init": (253, None), "inotify_init1": (294, 26), "inotify_add_watch": (254, 27),
    "inotify_rm_watch": (255, 28),
}  # fmt: skip

#: Memory of the process itself.
MEMORY = {
    "brk": (12, 214), "mmap": (9, 222), "munmap": (11, 215), "mprotect": (10, 226),
    "mremap": (25, 216), "msync": (26, 227), "madvise": (28, 233), "mincore": (27, 232),
    "mlock": (149, 228), "mlock2": (325, 284), "munlock": (150, 229), "mlockall": (151, 230),
    "munlockall": (152, 231), "get_mempolicy": (239, 236), "pkey_alloc": (330, 289),
    "pkey_free": (331, 290), "pkey_mprotect": (329, 288), "membarrier": (324, 283),
}  # fmt: skip

#: Processes, threads and signals; limits can only be lowered.
PROCESSES = {
    "fork": (57, None), "vfork": (58, None), "execve": (59, 221), "execveat": (322, 281),
    "exit": (60, 93), "exit_group": (231, 94), "wait4": (61, 260), "waitid": (247, 95),
    "kill": (62, 129), "tkill": (200, 130), "tgkill": (234, 131), "pidfd_open": (434, 434),
    "pidfd_send_signal": (424, 424), "getpid": (39, 172), "getppid": (110, 173),
    "gettid": (186, 178), "getpgid": (121, 155), "getpgrp": (111, None), "getsid": (124, 156),
    "setpgid": (109, 154), "setsid": (112, 157), "set_tid_address": (218, 96),
    "arch_prctl": (158, None), "futex": (202, 98), "futex_waitv": (449, 449),
    "set_robust_list": (273, 99), "get_robust_list": (274, 100), "rseq": (334, 293),
    "restart_syscall": (219, 128), "rt_sigaction": (13, 134), "rt_sigprocmask": (14, 135),
    "rt_sigpending": (127, 136), "rt_sigreturn": (15, 139), "rt_sigsuspend": (130, 133),
    "rt_sigtimedwait": (128, 137), "rt_sigqueueinfo": (129, 138), "rt_tgsigqueueinfo": (297, 240),
    "sigaltstack": (131, 132), "pause": (34, None), "getrlimit": (97, 163),
    "setrlimit": (160, 164), "prlimit64": (302, 261), "getrusage": (98, 165),
    "getpriority": (140, 141), "setpriority": (141, 140), "ioprio_get": (252, 31),
    "ioprio_set": (251, 30), "sched_yield": (24, 124), "sched_getaffinity": (204, 123),
    "sched_setaffinity": (203, 122), "sched_getparam": (143, 121), "sched_setparam": (142, 118),
    "sched_getscheduler": (145, 120), "sched_setscheduler": (144, 119),
    "sched_getattr": (315, 275), "sched_setattr": (314, 274), "sched_get_priority_max": (146, 125),
    "sched_get_priority_min": (147, 126), "sched_rr_get_interval": (148, 127),
    "getcpu": (309, 168), "landlock_create_ruleset": (444, 444), "landlock_add_rule": (445, 445),
    "landlock_restrict_self": (446, 446),
}  # fmt: skip

#: The user and the groups of a process. It has no privileges to change them.
USERS = {
    "getuid": (102, 174), "geteuid": (107, 175), "getgid": (104, 176), "getegid": (108, 177),
    "getresuid": (118, 148), "getresgid": (120, 150), "getgroups": (115, 158),
    "setuid": (105, 146), "setgid": (106, 144), "setreuid": (113, 145), "setregid": (114, 143),
    "setresuid": (117, 147), "setresgid": (119, 149), "setfsuid": (122, 151),
    "setfsgid": (123, 152), "capget": (125, 90),
}  # fmt: skip

#: Clocks, timers, and what the machine is.
TIME = {
    "time": (201, None), "gettimeofday": (96, 169), "times": (100, 153),
    "clock_gettime": (228, 113), "clock_getres": (229, 114), "clock_nanosleep": (230, 115),
    "nanosleep": (35, 101), "alarm": (37, None), "getitimer": (36, 102), "setitimer": (38, 103),
    "timer_create": (222, 107), "timer_settime": (223, 110), "timer_gettime": (224, 108),
    "timer_getoverrun": (225, 109), "timer_delete": (226, 111), "timerfd_create": (283, 85),
    "timerfd_settime": (286, 86), "timerfd_gettime": (287, 87), "uname": (63, 160),
    "sysinfo": (99, 179), "getrandom": (318, 278),
}  # fmt: skip

#: What is done with sockets that there are.
SOCKETS = {
    "bind": (49, 200), "listen": (50, 201), "accept": (43, 202), "accept4": (288, 242),
    "connect": (42, 203), "shutdown": (48, 210), "getsockname": (51, 204),
    "getpeername": (52, 205), "getsockopt": (55, 209), "setsockopt": (54, 208),
    "sendto": (44, 206), "sendmsg": (46, 211), "sendmmsg": (307, 269), "recvfrom": (45, 207),
    "recvmsg": (47, 212), "recvmmsg": (299, 243),
}  # fmt: skip

#: Calls whose arguments decide (see :mod:`~lxmls_grading.sandbox.seccomp`).
LOOKED_AT = {
    "socket": (41, 198), "socketpair": (53, 199), "clone": (56, 220), "prctl": (157, 167),
    "ioctl": (16, 29), "personality": (135, 92),
}  # fmt: skip

#: Calls that Linux seems not to have, so that programs do without, as libc does without ``clone3``:
#: a filter cannot see what these are asked for, and others than the caller pay for what they hold.
MISSING = {
    "clone3": (435, 435), "io_uring_setup": (425, 425), "io_uring_enter": (426, 426),
    "io_uring_register": (427, 427), "io_setup": (206, 0),
}  # fmt: skip

#: Calls that are allowed whatever their arguments are.
ALLOWED = FILES | MEMORY | PROCESSES | USERS | TIME | SOCKETS


def numbers(calls: Mapping[str, tuple[int, int | None]], machine: str) -> dict[str, int]:
    """Return the numbers of system calls on a machine, without those that it does not have.

    Parameters
    ----------
    calls : mapping
        One of the tables of this module.
    machine : str
        One of :data:`MACHINES`.

    Raises
    ------
    ValueError
        If it is another one.
    """
    if machine not in MACHINES:
        raise ValueError(f"no numbers of system calls for {machine}")
    column = MACHINES.index(machine)
    found = {name: each[column] for name, each in calls.items()}
    return {name: number for name, number in found.items() if number is not None}
