"""Memory of a process moves into huge pages, and what is in it stays."""

from __future__ import annotations

import mmap
import re
from pathlib import Path

import numpy as np
import pytest

from lxmls_grading.machine import huge_pages

SIZE = 16 * 2**20
PLAIN = "{:x}-{:x} rw-p 00000000 00:00 0 \n"


def huge_bytes(address: int) -> int:
    """Return how much of the memory around an address lies in huge pages."""
    found = False
    for line in Path("/proc/self/smaps").read_text().splitlines():
        if borders := re.match(r"([0-9a-f]+)-([0-9a-f]+) ", line):
            found = int(borders[1], 16) <= address < int(borders[2], 16)
        elif found and line.startswith("AnonHugePages:"):
            return 1024 * int(line.split()[1])
    raise AssertionError("no memory lies there")


@pytest.fixture
def block():
    """Some memory of this process, in small pages, and its address."""
    memory = mmap.mmap(-1, SIZE, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
    memory.madvise(mmap.MADV_NOHUGEPAGE)
    values = np.frombuffer(memory, np.uint8)
    values[:] = np.arange(SIZE) % 251
    memory.madvise(mmap.MADV_HUGEPAGE)
    return values


def test_it_moves_what_is_written_and_leaves_it_as_it_is(block, tmp_path, monkeypatch):
    address = block.ctypes.data
    maps = tmp_path / "maps"
    maps.write_text(PLAIN.format(address, address + SIZE))
    monkeypatch.setattr(huge_pages, "MAPS", maps)
    before = huge_bytes(address)
    if not huge_pages.use_huge_pages():
        pytest.skip("Linux has no huge pages here, or is older than 6.1")
    assert (before, huge_bytes(address) >= SIZE // 2) == (0, True)
    assert np.array_equal(block, np.arange(SIZE) % 251)


@pytest.mark.parametrize(
    "line",
    [
        "{:x}-{:x} r--p 00000000 00:00 0\n",
        "{:x}-{:x} rw-s 00000000 00:01 17 /dev/zero (deleted)\n",
        "{:x}-{:x} rw-p 00001000 fe:00 99 /usr/lib/libc.so.6\n",
        "{:x}-{:x} rw-p 00000000 00:00 0 [stack]\n",
    ],
    ids=["only read", "shared", "of a file", "stack"],
)
def test_other_memory_stays_where_it_is(block, line, tmp_path, monkeypatch):
    address = block.ctypes.data
    maps = tmp_path / "maps"
    maps.write_text(line.format(address, address + SIZE))
    monkeypatch.setattr(huge_pages, "MAPS", maps)
    assert huge_pages.use_huge_pages() == 0
    assert huge_bytes(address) == 0


@pytest.mark.parametrize("size", [None, "", "many"])
def test_where_linux_has_none_nothing_is_done(size, tmp_path, monkeypatch):
    path = tmp_path / "hpage_pmd_size"
    if size is not None:
        path.write_text(size)
    monkeypatch.setattr(huge_pages, "HUGE_PAGE_SIZE", path)
    assert huge_pages.use_huge_pages() == 0
