"""The device that PyTorch computes on: CUDA, MPS, another accelerator, or the CPU."""

from __future__ import annotations

import os
import re

import torch


def available_devices() -> list[str]:
    """Return the names of the devices that PyTorch finds, the preferred one first."""
    names = []
    if torch.accelerator.is_available():
        kind = torch.accelerator.current_accelerator().type  # type: ignore[union-attr]
        names = [kind, *(f"{kind}:{n}" for n in range(torch.accelerator.device_count()))]
    return [*names, "cpu"]


def select_device(preferred: str | torch.device | None = None) -> torch.device:
    """Choose the device to compute on.

    Parameters
    ----------
    preferred : str or torch.device, optional
        For example ``"cpu"``, ``"cuda"``, ``"cuda:1"`` or ``"mps"``. By default the
        environment variable ``LXMLS_NB_DEVICE``, otherwise the accelerator that PyTorch finds,
        otherwise the CPU.

    Raises
    ------
    ValueError
        If the requested device is missing; the message lists those that exist. In grading, the
        CPU takes its place.
    """
    wish = preferred or os.environ.get("LXMLS_NB_DEVICE")
    devices = available_devices()
    if not wish:
        return torch.device(devices[0])
    name = str(wish).strip().lower()
    name = "cpu" if name == "cpu:0" else name
    is_kind = re.fullmatch(r"(cuda|mps|xpu)(:\d+)?", name)
    if name not in devices and is_kind and os.environ.get("NBGRADER_EXECUTION") == "autograde":
        return torch.device("cpu")  # the student's machine may have a device that this one lacks
    if name not in devices:
        asker = "" if preferred else " (LXMLS_NB_DEVICE asks for it)"
        raise ValueError(f"there is no device '{wish}'{asker}; there is: {', '.join(devices)}")
    return torch.device(name)


def describe_device(device: str | torch.device | None = None) -> str:
    """Return a description of the device, for example ``cuda:0 (NVIDIA H100 80GB HBM3)``."""
    device = select_device(device)
    if device.type == "cpu":
        return f"cpu ({torch.get_num_threads()} threads)"
    module = getattr(torch, device.type, None)
    namer = getattr(module, "get_device_name", None)
    return f"{device} ({namer(device)})" if namer else str(device)
