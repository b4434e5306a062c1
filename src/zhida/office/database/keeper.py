"""The keeper: one process that starts the server as its child, watches who holds it, stops it after the last.

``python -m zhida.office.database.keeper FOLDER [--hasty]``. Ends with 0 when the server has stopped, with
ANOTHER where a keeper is there already, with 1 and one sentence on stderr where the server can't run.
"""

from __future__ import annotations

import signal
import sys
import time
from pathlib import Path

from zhida.office.database import binaries
from zhida.office.database.cluster import Cluster, Server
from zhida.office.database.errors import DatabaseError
from zhida.office.database.locks import Lock
from zhida.office.database.place import Place

ANOTHER = 3
EVERY = 0.25
"""Seconds between two looks; an ownerless server lives that long."""
SOUND_AFTER = 1.0
"""A server that ran so long and then died is started again; one that dies at once is not."""


def main(arguments: list[str]) -> int:
    place = Place.at(Path(arguments[0]))
    lock = Lock(place.keeper_lock)
    if not lock.alone():
        return ANOTHER
    told_to_stop: list[int] = []
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, lambda received, _: told_to_stop.append(received))
    try:
        place.check_reach()
        cluster = Cluster(place, binaries.find(place), hasty="--hasty" in arguments)
        cluster.prepare()
        keep(cluster, Lock(place.holders_lock), told_to_stop)
    except DatabaseError as error:
        print(error, file=sys.stderr, flush=True)
        return 1
    return 0


def keep(cluster: Cluster, holders: Lock, told_to_stop: list[int]) -> None:
    """Returns when the server has stopped: after its last holder, or when told to."""
    server = cluster.running() or cluster.start()
    while True:
        if not server.alive():
            server = _again(cluster, server)
        # While we have the holders' lock alone, a newcomer waits; it finds the server gone and starts one.
        if told_to_stop or holders.alone():
            server.stop()
            return
        time.sleep(EVERY)


def _again(cluster: Cluster, dead: Server) -> Server:
    if time.monotonic() - dead.since < SOUND_AFTER:
        raise DatabaseError(
            f"The database in {cluster.place.folder} ended by itself: see {cluster.place.server_log}."
        )
    return cluster.start()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
