"""A Jupyter client for kernels that are not trusted: no message of theirs can harm it."""

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

#: Most bytes of a message from a kernel, since a larger one ends the connection, and most messages
#: that may wait.
MAX_MESSAGE_BYTES, MAX_WAITING_MESSAGES = 64 * 2**20, 16

#: Milliseconds that a message to a kernel may wait for the connection.
SEND_TIMEOUT = 5000


class LenientChannel(AsyncZMQSocketChannel):
    """A channel that skips malformed messages."""

    async def get_msg(self, timeout: float | None = None) -> dict[str, Any]:  # type: ignore[override]
        """Return the next well-formed message.

        Parameters
        ----------
        timeout : float, optional
            Seconds to wait for it; by default without end.

        Raises
        ------
        queue.Empty
            If there is none in time.
        """
        end = math.inf if timeout is None else time.monotonic() + timeout
        while True:
            left = None if timeout is None else max(0.0, end - time.monotonic())
            with _skip_malformed():
                return _checked(await super().get_msg(timeout=left))
            if time.monotonic() >= end:
                raise Empty

    def next_message(self, timeout: float) -> dict[str, Any]:
        """Return the next well-formed message, for a caller outside of the event loop.

        Parameters
        ----------
        timeout : float
            Seconds to wait for it.

        Raises
        ------
        queue.Empty
            If there is none in time.
        """
        assert self.socket is not None
        blocking_channel = ZMQSocketChannel(zmq.Socket.shadow(self.socket), self.session)
        end = time.monotonic() + timeout
        while True:
            with _skip_malformed():
                return _checked(blocking_channel.get_msg(timeout=max(0.0, end - time.monotonic())))
            if time.monotonic() >= end:
                raise Empty


@contextmanager
def _skip_malformed() -> Iterator[None]:
    """Continue after a malformed message, but raise Empty if there is no message at all."""
    try:
        yield
    except Empty:
        raise
    except Exception as error:  # its parts can make a parser raise anything
        log.debug("Skipped a malformed message: %r", error)


def _checked(message: dict[str, Any]) -> dict[str, Any]:
    """Return a message if its parts are of the right types; raise TypeError if not."""
    parts = (message["header"], message["parent_header"], message["content"])
    if isinstance(message["msg_type"], str) and all(isinstance(part, dict) for part in parts):
        return message
    raise TypeError("parts of it are of wrong types")


@cache
def shared_context() -> zmq.asyncio.Context:
    """Return the context of all connections of this process."""
    context = zmq.asyncio.Context()
    context.setsockopt(zmq.MAXMSGSIZE, MAX_MESSAGE_BYTES)
    context.setsockopt(zmq.RCVHWM, MAX_WAITING_MESSAGES)
    context.setsockopt(zmq.SNDTIMEO, SEND_TIMEOUT)  # do not wait for a connection that has ended
    return context


class BoundedClient(AsyncKernelClient):
    """A client that bounds what it accepts from a kernel."""

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
        """Start the channels shell and iopub.

        No other is of use: nobody types, and the warm process knows whether the kernel is alive.
        """
        super().start_channels(shell, iopub, stdin=False, hb=False, control=False)

    async def wait_for_ready(self, timeout: float | None = None) -> None:
        """Wait until the kernel answers; Jupyter's own method takes a fifth of a second longer.

        Parameters
        ----------
        timeout : float, optional
            Seconds to wait; by default the time that a kernel has to start.

        Raises
        ------
        DeadKernelError
            If the kernel ends or does not answer in time.
        """
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
