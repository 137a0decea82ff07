"""A limit of time ends what computes for too long, and nothing else."""

from __future__ import annotations

import contextlib
import threading
import time

import pytest

from lxmls_nb.checks.probes.time_limit import TookTooLong, time_limit


def test_a_loop_without_end_is_ended_even_if_it_catches_exceptions():
    def run():
        with time_limit(0.2):
            while True:
                with contextlib.suppress(Exception):
                    sum(range(1000))

    start = time.process_time()
    with pytest.raises(TookTooLong):
        run()
    assert time.process_time() - start < 5


def test_what_is_done_in_time_goes_on_undisturbed():
    with time_limit(0.2):
        pass
    end = time.process_time() + 0.5
    while time.process_time() < end:
        sum(range(1000))


def test_waiting_costs_no_time_of_the_processor():
    with time_limit(0.3):
        time.sleep(0.6)


def test_it_works_in_any_thread():
    raised = []

    def work():
        try:
            with time_limit(0.2):
                while True:
                    sum(range(1000))
        except TookTooLong:
            raised.append(True)

    thread = threading.Thread(target=work)
    thread.start()
    thread.join(20)
    assert raised == [True]
