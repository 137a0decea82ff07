"""How notebooks are executed: what an instructor sets, and how long the processes wait."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

#: Seconds that a kernel has to start.
KERNEL_START_TIMEOUT = 60

#: Seconds that a kernel has to stop what it does when it is interrupted.
GRACE = 5

#: What keeps the sums of what a submission's processes take: a cgroup, or looks ten times a second.
CGROUP, LOOKS = "cgroup", "looks"
LAYERS = (CGROUP, LOOKS)

#: How each of them is told.
BY_LAYER = {
    CGROUP: "by cgroups, at every moment",
    LOOKS: "by looks ten times a second alone",
    "": "in a way that is not known",
}


def weakest_layer(layers: Iterable[object]) -> str:
    """Return which of several layers promises least; nothing if none of them is one."""
    found = list(layers)  # of files, where it may be anything
    return next((layer for layer in reversed(LAYERS) if layer in found), "")


def describe_layers(counts: Mapping[str, int]) -> str:
    """Return a clause on how the limits of a number of submissions were kept."""
    kept = {layer: counts[layer] for layer in BY_LAYER if counts.get(layer)}
    if len(kept) == 1:
        return BY_LAYER[next(iter(kept))]
    return ", ".join(f"for {number} {BY_LAYER[layer]}" for layer, number in kept.items())


@dataclass(frozen=True)
class Settings:
    """How notebooks are executed, on the whole way from the configuration to the student kernel.

    Attributes
    ----------
    timeout : float
        Seconds per cell, and per call of an answer by a test.
    ungraded_timeout : float
        Seconds per cell without points: those of the course, and own ones of students.
    notebook_timeout : float
        Seconds per notebook.
    max_output : int
        Bytes of output that are kept per cell; five times as much per notebook.
    memory : int
        Bytes that all processes of a student kernel may use together.
    processes : int
        Processes and threads of a student kernel.
    disk : int
        Bytes of the kernel's scratch folder, which is in memory.
    files : int
        Files in the scratch folder.
    sandbox : bool
        Whether student kernels live in a sandbox. Without one they have the rights of the grader.
    user_namespace : bool, optional
        Whether a sandbox has a user namespace of its own. By default it has one where the grader
        is not root, since it is needed there.
    hide : tuple of str
        Folders that student kernels must not see: the course.
    """

    timeout: float = 120
    ungraded_timeout: float = 30
    notebook_timeout: float = 900
    max_output: int = 2 * 2**20
    memory: int = 2 * 2**30
    processes: int = 100
    disk: int = 256 * 2**20
    files: int = 10_000
    sandbox: bool = True
    user_namespace: bool | None = None
    hide: tuple[str, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """Return the settings as plain data, for JSON."""
        return asdict(self)

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> Settings:
        """Return settings from what :meth:`to_dict` has returned."""
        return cls(**values | {"hide": tuple(values["hide"])})
