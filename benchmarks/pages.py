"""How many pages of 100 sessions the sandbox serves in a second; they are read but not parsed.

`python -m benchmarks.pages BASE` prints the number. If it is small, it is the sandbox that the rest is measured by.
"""

import asyncio
import sys
import time

import aiohttp

from ordersync_dagster.sandbox import STRIPE_KEY

AT_ONCE = 16
PAGES = 4_000
DAY = 86_400
MIDDLE = 15 * DAY  # seconds ago; pages end near this time, because the world has 30 days


async def rate(base: str) -> float:
    """Pages a second, over sixteen connections."""
    now = int(time.time())
    headers = {"Authorization": f"Bearer {STRIPE_KEY}"}
    async with aiohttp.ClientSession(base, headers=headers) as client:
        began = time.perf_counter()
        await asyncio.gather(*(_reader(client, now - MIDDLE + n * DAY // AT_ONCE) for n in range(AT_ONCE)))
        return PAGES / (time.perf_counter() - began)


async def _reader(client: aiohttp.ClientSession, end: int) -> None:
    for page in range(PAGES // AT_ONCE):
        params = {"limit": "100", "status": "complete", "created[lt]": str(end - page)}
        async with client.get("/v1/checkout/sessions", params=params) as answer:
            if len(await answer.read()) < 100_000:
                raise RuntimeError("a page without its 100 sessions: its time says nothing")


if __name__ == "__main__":
    print(asyncio.run(rate(sys.argv[1])))
