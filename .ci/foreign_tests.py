"""Runs python-binance's tests of its blocking client and its order books on this package, and lists each: pass, fail, or set aside and why.

    python .ci/foreign_tests.py CLONE_OF_PYTHON_BINANCE

No line of those tests is kept here: they come out of the clone (bare or not) into a folder that is gone afterwards. ``foreign_conftest.py``
maps their imports and puts the embedded exchange where their test network is. Wants the package's ``test`` extra. What is set aside and
what is mapped is discussed in docs/decisions/foreign-tests.rst.
"""

from __future__ import annotations

import ast
import os
import re
import subprocess
import sys
import tarfile
import tempfile
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from xml.etree import ElementTree

from judges import SECRET, Judge, sandbox

HERE = Path(__file__).parent
NAME = "foreign_tests"
LIMIT_S = 120
MOST_SET_ASIDE = 0.1

# The last release of each line, where its tests differ from those of the line before (0.2 has those of 0.1, 0.4 and 0.5 have the same);
# the first of the line of today, and its present state.
RELEASES = ("v0.1.6", "v0.3.8", "v0.5.17", "v0.6.9", "0.7.11", "v1.0.0", "HEAD")

# What is not about the blocking spot client or its order books, by ``file::test``: the first pattern that is found says what it is about.
ELSEWHERE = {
    r"^test_async_client|::test_async_": "the asyncio client",
    r"^test_client_(futures|margin|options|portfolio|gift_card|ws_futures)|^test_futures|_(futures|papi|coin|swap)_": "other products",
    r"^test_(client_)?ws_|::test_ws_": "the WebSocket API",
    r"::test_depth_cache_imports": "other products, too",
    r"^test_(user_socket|socket|streams|threaded|reconnecting|keepalive|error_propagation)": "sockets",
    r"::test_(websocket|threaded_websocket)_": "sockets",
}
_NO_ANSWER = "mocks the answer to an order as {}, which is none here: the venue is asked what became of the order"
_AFFILIATE = "wants orders to carry the affiliate id of its authors; ids drawn here carry nobody's sign"
SET_ASIDE = {
    "HEAD test_client.py::test_client_initialization": "reads the secret back from the client, which shows it to nobody here",
    "HEAD test_client.py::test_handle_response": "calls a private method, and takes an empty body for an empty answer; here it is an error",
    "HEAD test_headers.py::test_get_headers": "wants a Content-Type on a GET, which has no content",
    "HEAD test_headers.py::test_post_headers": _NO_ANSWER,
    "HEAD test_headers.py::test_post_headers_overriden": _NO_ANSWER,
    "HEAD test_ids.py::test_spot_id": _AFFILIATE,
    "HEAD test_ids.py::test_spot_limit_id": _AFFILIATE,
    "HEAD test_ids.py::test_spot_market_id": _AFFILIATE,
    "HEAD test_ids.py::test_spot_cancel_replace_id": _AFFILIATE,
    "HEAD test_ids.py::test_spot_oco_order_id": _AFFILIATE,
}


@dataclass(frozen=True)
class ForeignTest:
    """One of their tests.

    :ivar node: ``file::test``, as pytest names it
    :ivar elsewhere: what it is about, when that is neither the blocking spot client nor its order books
    """

    node: str
    elsewhere: str


def tests_in(folder: Path) -> Iterator[ForeignTest]:
    """Every test of a folder, read without running anything."""
    for file in sorted(folder.glob("test_*.py")):
        body = ast.parse(file.read_text(encoding="utf-8")).body
        classes = [node for node in body if isinstance(node, ast.ClassDef)]
        for place, nodes in ((file.name, body), *((f"{file.name}::{each.name}", each.body) for each in classes)):
            for node in nodes:
                if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name.startswith("test_"):
                    name = f"{place}::{node.name}"
                    found = next((what for pattern, what in ELSEWHERE.items() if re.search(pattern, name)), "")
                    yield ForeignTest(name, "the asyncio client" if isinstance(node, ast.AsyncFunctionDef) else found)


def export(clone: str, release: str, folder: Path) -> None:
    """Put the tests of a release into a folder, with our conftest in place of theirs."""
    archive = subprocess.run(["git", "-C", clone, "archive", release, "tests"], check=True, capture_output=True).stdout
    with tarfile.open(fileobj=BytesIO(archive)) as files:
        files.extractall(folder, filter="data")
    (folder / "tests/conftest.py").write_bytes((HERE / "foreign_conftest.py").read_bytes())


def outcomes(folder: Path, tests: list[ForeignTest], urls: str) -> dict[str, str]:
    """What became of those that are about the client: "pass", "fail: why" or "skip: why"."""
    wanted = [test.node for test in tests if not test.elsewhere]
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-c", os.devnull, "--rootdir", "."]
    command += ["--continue-on-collection-errors", "--junitxml", "report.xml", *dict.fromkeys(node.partition("::")[0] for node in wanted)]
    command += [f"--deselect={test.node}" for test in tests if test.elsewhere]
    place = {**os.environ, "FOREIGN_TESTS_VENUE": urls, "FOREIGN_TESTS_ACCOUNT": f"{NAME}:{SECRET}"}
    ran = subprocess.run(command, cwd=folder, env=place, timeout=LIMIT_S, check=False, capture_output=True, text=True)
    found = {}
    # The report is pytest's own, made a moment ago.
    for case in ElementTree.parse(folder / "report.xml").iter("testcase"):
        words = {"failure": "fail", "error": "fail", "skipped": "skip"}
        said = [f"{words[note.tag]}: {note.get('message', '').partition(chr(10))[0][:160]}" for note in case if note.tag in words]
        found[".".join(filter(None, (case.get("classname"), case.get("name"))))] = said[0] if said else "pass"
    lost = f"fail: not collected; {ran.stdout[-300:].strip().replace(chr(10), ' ')}"
    return {node: found.get(node.replace(".py::", ".").replace("::", "."), lost) for node in wanted}


def judged(release: str, node: str, outcome: str) -> str:
    """The word that a test gets in the list, with its reason."""
    reason = SET_ASIDE.get(f"{release} {node}")
    if reason is None:
        return outcome
    return f"set aside: {reason}" if outcome.startswith("fail") else f"fail: it is set aside without need: {outcome}"


def main(clone: str) -> int:
    """Run them all; 1 when one fails, or too many are set aside."""
    count: Counter[str] = Counter()
    with tempfile.TemporaryDirectory() as scratch, sandbox(Judge(NAME, ())) as urls:
        for release in RELEASES:
            folder = Path(scratch) / release
            export(clone, release, folder)
            tests = list(tests_in(folder / "tests"))
            print(f"\n{release}", flush=True)
            for node, outcome in outcomes(folder / "tests", tests, urls).items():
                word, _, reason = judged(release, node, outcome).partition(": ")
                count[word] += 1
                print(f"  {word:<9}  {node}{reason and f'  ({reason})'}", flush=True)
            for (file, what), number in Counter((test.node.partition("::")[0], test.elsewhere) for test in tests if test.elsewhere).items():
                print(f"  elsewhere  {file}: {number} about {what}", flush=True)
    ran = count["pass"] + count["fail"] + count["set aside"]
    print(
        f"\n{ran} tests of the blocking client and books: {count['pass']} pass, {count['fail']} fail, {count['set aside']} set aside"
        f" ({count['set aside'] / ran:.1%}); {count['skip']} more are skipped by their authors"
    )
    return int(count["fail"] > 0 or count["set aside"] > MOST_SET_ASIDE * ran)


if __name__ == "__main__":
    path = sys.argv[1] if len(sys.argv) > 1 else ""
    asked = ["git", "-C", path, "rev-parse", "--verify", "--quiet", RELEASES[0]]
    if not path or subprocess.run(asked, check=False, capture_output=True).returncode:
        print(f"\n!!! SKIPPED the tests of python-binance: {path or 'the path of a clone'} is not at hand\n", flush=True)
        sys.exit(0)
    sys.exit(main(path))
