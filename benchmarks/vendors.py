"""The sandbox in a separate process, so that it does not share the interpreter lock with the measured code."""

import argparse
import json
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass

from benchmarks.worlds import SHAPES, world
from ordersync_dagster.sandbox import PRINTFUL_KEY, STRIPE_KEY, Recorded, Sandbox, serve


@dataclass(frozen=True, slots=True)
class Tally:
    """The requests to one vendor since the last tally; `seconds` from the first answer to the last."""

    requests: int
    throttled: int
    seconds: float


@dataclass(frozen=True, slots=True)
class Vendors:
    """Running sandboxes of one world, one for each latency."""

    urls: dict[float, str]
    process: subprocess.Popen[str]

    def environment(self, latency: float) -> dict[str, str]:
        """The settings that point a command at the sandbox."""
        url = self.urls[latency]
        keys = {"STRIPE_SECRET_KEY": STRIPE_KEY, "PRINTFUL_API_KEY": PRINTFUL_KEY}
        return {**keys, "STRIPE_API_BASE": url, "PRINTFUL_API_BASE": url}

    def tally(self, latency: float, vendor: str = "stripe") -> Tally:
        """The requests since the last tally; starts a new tally."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        print(json.dumps({"latency": latency, "vendor": vendor}), file=self.process.stdin, flush=True)
        return Tally(**json.loads(self.process.stdout.readline()))


@contextmanager
def serving(shape: str, size: int, latencies: Sequence[float] = (0.0,), limit: str = "") -> Iterator[Vendors]:
    """Sandboxes until the context ends; `limit` is `vendor=requests/seconds`, above it they answer 429."""
    command = [sys.executable, "-m", "benchmarks.vendors", shape, str(size), *map(str, latencies), "--limit", limit]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        urls = json.loads(process.stdout.readline())
        yield Vendors(dict(zip(latencies, urls, strict=True)), process)
        process.stdin.close()


def main() -> None:
    """Serve until stdin ends; each line on stdin gets one line on stdout."""
    parser = argparse.ArgumentParser()
    parser.add_argument("shape", choices=SHAPES)
    parser.add_argument("size", type=int)
    parser.add_argument("latencies", type=float, nargs="+")
    parser.add_argument("--limit", default="")
    wanted = parser.parse_args()
    served = world(wanted.shape, wanted.size)
    with ExitStack() as stack:
        start = [serve(served, latency=each, rate_limits=_limits(wanted.limit)) for each in wanted.latencies]
        running = dict(zip(wanted.latencies, map(stack.enter_context, start), strict=True))
        print(json.dumps([each.url for each in running.values()]), flush=True)
        for line in sys.stdin:
            asked = json.loads(line)
            print(json.dumps(asdict(_tally(running[asked["latency"]], asked["vendor"]))), flush=True)


def _limits(text: str) -> dict[str, tuple[int, float]]:
    if not text:
        return {}
    vendor, _, rate = text.partition("=")
    requests, _, seconds = rate.partition("/")
    return {vendor: (int(requests), float(seconds))}


def _tally(sandbox: Sandbox, vendor: str) -> Tally:
    mine = [each for each in sandbox.requests if _vendor(each) == vendor]
    sandbox.requests.clear()
    times = [each.at for each in mine]
    seconds = max(times) - min(times) if times else 0.0
    return Tally(len(mine), sum(each.status == 429 for each in mine), seconds)


def _vendor(request: Recorded) -> str:
    return "stripe" if request.path.startswith("/v1/") else "printful"


if __name__ == "__main__":
    main()
