"""A Jupyter client for kernels that are not trusted: whatever they send, it can bear."""

from __future__ import annotations

import logging
import math
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from queue import Empty
from typing import Any

import zmq
import zmq.asyncio
from jupyter_client.asynchronous.client import AsyncKernelClient
from jupyter_client.channels import AsyncZMQSocketChannel, ZMQSocketChannel
from nbclient.exceptions import DeadKernelError
from traitlets import Type

from lxmls_grading.settings import KERNEL_START_TIMEOUT

log = logging.getLogger(__name__)

#: Bytes of a message from a kernel, and messages that may wait. More ends the connection.
MAX_MESSAGE_BYTES, MAX_WAITING_MESSAGES = 64 * 2**20, 16

#: Milliseconds that a message to a kernel may wait for the connection.
SEND_TIMEOUT = 5000


class LenientChannel(AsyncZMQSocketChannel):
    """A channel that passes over messages which are not as they should be."""

    async def get_msg(self, timeout: float | None = None) -> dict[str, Any]:  # type: ignore[override]
        """Return the next message that is one.

        Raises
        ------
        queue.Empty
            If there is none in time.
        """
        end = math.inf if timeout is None else time.monotonic() + timeout
        while True:
            left = None if timeout is None else max(0.0, end - time.monotonic())
            with _broken_ones_left_out():
                return _checked(await super().get_msg(timeout=left))
            if time.monotonic() >= end:
                raise Empty

    def next_message(self, timeout: float) -> dict[str, Any]:
        """Return the next message that is one, for a caller outside of the event loop.

        Raises
        ------
        queue.Empty
            If there is none in time.
        """
        assert self.socket is not None
        blocking_channel = ZMQSocketChannel(zmq.Socket.shadow(self.socket), self.session)
        end = time.monotonic() + timeout
        while True:
            with _broken_ones_left_out():
                return _checked(blocking_channel.get_msg(timeout=max(0.0, end - time.monotonic())))
            if time.monotonic() >= end:
                raise Empty


@contextmanager
def _broken_ones_left_out() -> Iterator[None]:
    """Go on after a message that is none, but not where there is no message."""
    try:
        yield
    except Empty:
        raise
    except Exception as error:  # whatever its parts make a parser raise
        log.debug("a broken message: %r", error)


def _checked(message: dict[str, Any]) -> dict[str, Any]:
    """Return a message whose parts are of the types that they should be."""
    parts = (message["header"], message["parent_header"], message["content"])
    if isinstance(message["msg_type"], str) and all(isinstance(part, dict) for part in parts):
        return message
    raise TypeError("its parts are of other types")


@cache
def shared_context() -> zmq.asyncio.Context:
    """Return the context of all connections of this process."""
    context = zmq.asyncio.Context()
    context.setsockopt(zmq.MAXMSGSIZE, MAX_MESSAGE_BYTES)
    context.setsockopt(zmq.RCVHWM, MAX_WAITING_MESSAGES)
    context.setsockopt(zmq.SNDTIMEO, SEND_TIMEOUT)  # a connection that was ended stays so
    return context


class BoundedClient(AsyncKernelClient):
    """A client that takes no more from a kernel than it can bear."""

    shell_channel_class = Type(LenientChannel)
    iopub_channel_class = Type(LenientChannel)

    def _context_default(self) -> zmq.asyncio.Context:
        return shared_context()

    def start_channels(
        self,
        shell: bool = True,
        iopub: bool = True,
        stdin: bool = True,
        hb: bool = True,
        control: bool = True,
    ) -> None:
        """Start shell and iopub: nobody types, and the warm process knows who is alive."""
        super().start_channels(shell, iopub, stdin=False, hb=False, control=False)

    async def wait_for_ready(self, timeout: float | None = None) -> None:
        """Wait until the kernel answers, and not the fifth of a second longer that Jupyter does."""
        end = time.monotonic() + (timeout or KERNEL_START_TIMEOUT)
        while time.monotonic() < end:
            self.kernel_info()
            try:
                await self.shell_channel.get_msg(timeout=2)
                await self.iopub_channel.get_msg(timeout=0.5)
            except Empty:
                if not await self._async_is_alive():
                    raise DeadKernelError("Kernel died") from None
            else:
                return
        raise DeadKernelError("Kernel does not answer")
