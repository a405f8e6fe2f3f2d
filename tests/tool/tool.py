# SPDX-License-Identifier: MIT
"""What the tests of the mirq command share: running it, counting what is wrong."""
import json
import re
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SKIPPED = 77
PASS, FAIL, USAGE = 0, 1, 2
VERDICT = re.compile(r"^verdict: (PASS|FAIL) (.*)$")


class Tool:
    """One mirq program."""

    def __init__(self, program):
        self.program = str(Path(program).resolve())

    def run(self, *words, limit_s=60):
        """(status, standard output, standard error); without the library's folder as working folder."""
        done = subprocess.run([self.program, *words], stdin=subprocess.DEVNULL, capture_output=True,
                              text=True, check=False, timeout=limit_s, cwd="/")
        return done.returncode, done.stdout, done.stderr

    def document(self, *words, limit_s=60):
        """(status, the JSON document)."""
        status, out, err = self.run(*words, "--json", limit_s=limit_s)
        # AddressSanitizer tells that it does not know fibers well.
        if [line for line in err.splitlines() if line and "WARNING: ASan doesn't" not in line]:
            raise AssertionError(f"{words}: standard error is not empty: {err}")
        return status, json.loads(out)


def verdict(output):
    """(word, {name: value}) of the last line."""
    match = VERDICT.match(output.splitlines()[-1])
    if not match:
        raise AssertionError(f"the last line is no verdict: {output.splitlines()[-1]}")
    return match[1], dict(pair.split("=") for pair in match[2].split())


def expect(condition, text):
    if not condition:
        raise AssertionError(text)


def main(tests, *arguments):
    """Run the functions; exits 0 when all hold."""
    nr_failed = 0
    for test in tests:
        begin = time.monotonic()
        try:
            test(*arguments)
            print(f"ok   {test.__name__} {time.monotonic() - begin:.2f} s")
        except Exception as wrong:  # pylint: disable=broad-except # the others go on
            print(f"FAIL {test.__name__}: {type(wrong).__name__}: {wrong}")
            nr_failed += 1
    print(f"{len(tests) - nr_failed} passed, {nr_failed} failed")
    sys.exit(1 if nr_failed else 0)
