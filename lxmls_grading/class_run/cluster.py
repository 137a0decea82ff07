"""The Dask cluster that executes submissions: one on this machine, or any other by its address."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing import forkserver, resource_tracker

import dask
from distributed import Client, LocalCluster
from distributed.security import Security
from distributed.utils import get_mp_context

from lxmls_grading.machine.interrupts import delayed
from lxmls_grading.sandbox.processor_time import cores

#: Most attempts to execute a submission whose worker dies or fails.
MAX_TRIES = 3

#: Seconds to wait for a scheduler to answer, and for a first worker.
CLUSTER_TIMEOUT = 30

#: Dask's settings for grading.
DASK_SETTINGS = {
    "distributed.scheduler.allowed-failures": MAX_TRIES - 1,
    # One warm process per worker watches the memory of its kernels, so that Dask need not.
    "distributed.worker.memory.target": False,
    "distributed.worker.memory.spill": False,
    "distributed.worker.memory.pause": False,
    "distributed.worker.memory.terminate": False,
    # On a busy machine a worker that has ended takes long to start again. By default the cluster
    # gives it up after 15 s, and a run that has no workers left would wait for ever.
    "distributed.deploy.lost-worker-timeout": "10 minutes",
    # A worker starts quickly if it is forked from a process that has imported everything.
    "distributed.worker.multiprocessing-method": "forkserver",
    # Nobody reads profiles, and the state of the machine is seldom of interest.
    "distributed.worker.profile.enabled": False,
    "distributed.admin.system-monitor.interval": "5s",
    "distributed.admin.tick.interval": "500ms",
    # Dask serves no web pages, on any port.
    "distributed.scheduler.http.routes": [],
    "distributed.worker.http.routes": [],
}

#: What the process imports that workers are forked from.
PRELOADED = [
    "lxmls_grading.class_run.uninterrupted",
    "lxmls_grading.machine.startup",
    "distributed",
    "lxmls_grading.class_run.task",
]


class ClusterError(RuntimeError):
    """There is no cluster, or it is gone."""


def _start_helpers() -> None:
    """Start the processes of multiprocessing, so that Ctrl-C and an end of this one are quiet."""
    # When this process ends at once, its tracker removes semaphores, which is in order: it need not
    # warn of them.
    before = os.environ.get("PYTHONWARNINGS")
    os.environ["PYTHONWARNINGS"] = "ignore"
    try:
        resource_tracker.ensure_running()
    finally:
        del os.environ["PYTHONWARNINGS"]
        if before is not None:
            os.environ["PYTHONWARNINGS"] = before
    with delayed():  # the tracker must run already: to start it would end the delay
        forkserver.ensure_running()


@contextmanager
def connect_to_cluster(
    scheduler: str | None = None,
    workers: int | None = None,
    environment: dict[str, str] | None = None,
) -> Iterator[Client]:
    """Yield a client of a cluster, and end all that was started for it.

    Parameters
    ----------
    scheduler : str, optional
        Address of a Dask scheduler, such as ``tcp://10.0.0.1:8786``. By default a cluster is
        started on this machine, which nobody else can use: it uses TLS, with a key of its own.
    workers : int, optional
        Number of workers of a cluster on this machine; by default one per core.
    environment : dict of str, optional
        Further environment variables of these workers.

    Raises
    ------
    ClusterError
        If there is no scheduler at this address.
    """
    for name in ("distributed", "distributed.nanny", "distributed.scheduler", "distributed.client"):
        logging.getLogger(name).setLevel(logging.CRITICAL)  # the grader reports what matters
    with dask.config.set(DASK_SETTINGS):
        if scheduler is None:
            get_mp_context().set_forkserver_preload(PRELOADED)
            _start_helpers()
            with (
                LocalCluster(
                    n_workers=workers or cores(),
                    threads_per_worker=1,
                    dashboard_address="127.0.0.1:0",
                    security=Security.temporary(),
                    host="127.0.0.1",
                    memory_limit=0,
                    silence_logs=logging.CRITICAL,
                    env=environment or {},
                ) as cluster,
                Client(cluster) as client,
            ):
                yield client
            return
        try:
            client = Client(scheduler, timeout=CLUSTER_TIMEOUT)
        except (OSError, TimeoutError, ValueError) as error:
            raise ClusterError(f"no Dask scheduler answers at {scheduler}: {error}") from error
        try:
            yield client
        finally:
            client.close(timeout=2)
