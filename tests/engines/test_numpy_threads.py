"""NumPy's BLAS is held to one thread whichever thread asks first, and let go of after."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import numpy as np  # noqa: F401  its BLAS is what is held
from threadpoolctl import threadpool_info, threadpool_limits  # type: ignore[import-untyped]

from paribus.engines.numpy.threads import one_blas_thread


def blas_threads() -> set[int]:
    return {pool["num_threads"] for pool in threadpool_info() if pool["user_api"] == "blas"}


def held() -> set[int]:
    with one_blas_thread():
        return blas_threads()


def test_any_thread_may_be_the_first() -> None:
    with threadpool_limits(2, user_api="blas"):
        pass
    assert held() == {1}
    with ThreadPoolExecutor(1) as pool:
        assert pool.submit(held).result() == {1}
    assert held() == {1}


def test_a_limit_of_the_caller_is_no_hindrance() -> None:
    with threadpool_limits(2, user_api="blas"), ThreadPoolExecutor(1) as pool:
        assert pool.submit(held).result() == {1}
        assert blas_threads() == {2}


def test_overlapping_runs_share_the_limit() -> None:
    before = blas_threads()
    inside, first_left = Barrier(2), Barrier(2)

    def first() -> None:
        with one_blas_thread():
            inside.wait()
        first_left.wait()

    with ThreadPoolExecutor(1) as pool:
        run = pool.submit(first)
        with one_blas_thread():
            inside.wait()
            first_left.wait()
            assert blas_threads() == {1}
        run.result()
    assert blas_threads() == before
