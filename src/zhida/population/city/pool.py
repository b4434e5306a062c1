"""Parts of a city made by one or several processes. What comes out does not hang on how many."""

from __future__ import annotations

import multiprocessing
import os
import threading
from collections.abc import Callable, Generator
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from multiprocessing.connection import wait as wait_for
from typing import Any, Protocol, TypeVar

from zhida.population.errors import SnapshotError

J = TypeVar("J")


class Maker(Protocol):
    """Makes any part of a job; ``warm`` does once what all processes then find in a cache."""

    def warm(self) -> None: ...

    def part(self, index: int) -> Any: ...


def run(
    make: Callable[[J], Maker], job: J, parts: int, processes: int
) -> Generator[tuple[int, Any], None, None]:
    """(index, what the maker gave back) of each part, as they are done. ``make`` and ``job`` go to other
    processes, so ``make`` stands at the top of a module. Close it before its folder is cleared."""
    processes = min(processes, parts)
    if processes <= 1:
        maker = make(job)
        for index in range(parts):
            yield index, maker.part(index)
        return
    make(job).warm()
    context = multiprocessing.get_context("spawn")
    pool = ProcessPoolExecutor(processes, mp_context=context, initializer=_start, initargs=(make, job))
    try:
        waiting: dict[Future[Any], int] = {pool.submit(_part, i): i for i in range(parts)}
        while waiting:
            finished, _ = wait(waiting, return_when=FIRST_COMPLETED)
            for future in finished:
                yield waiting.pop(future), future.result()
    except BrokenProcessPool as error:
        raise SnapshotError(
            "A process of the build was ended from outside (out of memory?); nothing was kept. "
            "Free memory or build with one process."
        ) from error
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


_maker: Maker | None = None


def _start(make: Callable[[Any], Maker], job: Any) -> None:
    global _maker
    _maker = make(job)
    parent = multiprocessing.parent_process()
    if parent is not None:  # a killed build must not go on in its children
        watch = threading.Thread(target=lambda: (wait_for([parent.sentinel]), os._exit(1)), daemon=True)
        watch.start()


def _part(index: int) -> Any:
    assert _maker is not None
    return _maker.part(index)
