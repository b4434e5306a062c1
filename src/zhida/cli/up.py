"""``zhida up``: database, tables and web, until Ctrl-C."""

from __future__ import annotations

import signal
import time
from typing import Annotated

import typer

from zhida.cli import choose
from zhida.cli.output import emit, lines


def up(
    pack: choose.PackOption = "",
    host: Annotated[str, typer.Option(help="Address on which the web listens.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="Its port; 0 takes any that is free.")] = 8000,
    workers: Annotated[int, typer.Option(min=1, max=64, help="Processes that answer requests.")] = 2,
    json: choose.JsonOption = False,
) -> None:
    """Start the office: database, tables, the divisions of a pack, the web; Ctrl-C stops all of it."""
    from zhida.office.database.hold import hold
    from zhida.office.database.setup import prepare
    from zhida.rules.loading import find_pack
    from zhida.web.installing import install
    from zhida.web.serving import start

    divisions = find_pack(pack or choose.default_pack()) / "divisions.csv"
    stopped: list[int] = []
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, lambda received, _: stopped.append(received))
    with hold() as held:
        prepare(held.address)
        installed = install(divisions)
        server = start(host, port, workers)
        try:
            server.wait_until_ready()
            if json:
                emit({"address": server.address, **installed.__dict__})
            else:
                lines(_words(server.address, installed.administrator))
            while not stopped and not server.ended:
                time.sleep(0.1)
        finally:
            server.stop()
    if not stopped:
        from zhida.office.database.errors import DatabaseError

        raise DatabaseError("The web server ended by itself: see above.")


def _words(address: str, administrator: bool) -> list[str]:
    first = (
        []
        if administrator
        else ["还没有管理员。另开一个终端：zhida staff first 用户名 --name 姓名 --division 代码"]
    )
    return [f"直达已启动：{address}", *first, "按 Ctrl-C 停止。"]
