"""One end of E3 in a process of its own, to be frozen: `python -m wire.e3_child dapp|du PORT`."""

from __future__ import annotations

import asyncio
import sys

from .parties import Dapp, Du, dapp_client, e3_server


async def _main(side: str, port: int) -> None:
    if side == "dapp":
        await dapp_client(port, Dapp()).run()
    else:
        async with e3_server(Du(heartbeat_period_ms=500), listen=f"127.0.0.1:{port}"):
            await asyncio.sleep(60.0)


if __name__ == "__main__":
    asyncio.run(_main(sys.argv[1], int(sys.argv[2])))
