#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Tests scripts/lint-driver: it finds each breach of this folder where a comment says, and nothing else.

usage: tests/lint-offenders/test_lint.py [-v]

A line that breaks a rule ends with a comment 'lint: rule N' (or 'N, M'). The stores and examples of the
project have nothing to find. Last line: 'N passed, N failed'; status 77 if the parser is not installed.

Broken to see this fail: each check_ function of scripts/lint made empty, handlers() and reached_from_ops()
too; op_letters() without 'D' and without the comment that a pair shares; reached() that follows no call;
ops of threads judged as atomic ones; keeps(), is_changed(), is_decided_on(), Table.has() with one answer;
fields_set() that counts wrong after a designator; assignments not seen; names of the source's own
functions looked up in calls.txt; headers of third folders not followed; descriptions for ready-made kinds
not seen, their drain judged as a thread's, their headers not known, or any header taken for one of them.
"""
import argparse
import contextlib
import importlib.util
import io
import re
import shutil
import subprocess
import sys
import tempfile
from importlib.machinery import SourceFileLoader
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
SCRIPT = ROOT / "scripts/lint-driver"
MORE_CALLS = "sleeps board_wait_for_*\n"
FINDING = re.compile(r"^(.+?):(\d+):\d+: \[rule (\d)\] \S.*: \S.*$")
SAID = re.compile(r"/\* lint: rule ([\d, ]+) \*/")


def load():
    """scripts/lint-driver as a module."""
    sys.dont_write_bytecode = True
    sys.path.insert(0, str(SCRIPT.parent))
    loader = SourceFileLoader("lint_driver", str(SCRIPT))
    module = importlib.util.module_from_spec(importlib.util.spec_from_loader("lint_driver", loader))
    loader.exec_module(module)
    return module


class Test:
    """Counts results; each failure says what is missing and what is invented."""

    def __init__(self, module, verbose):
        self.module, self.verbose = module, verbose
        self.passed = self.failed = 0

    def run(self, *argv):
        """(status, standard output, standard error)."""
        out, err = io.StringIO(), io.StringIO()
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            try:
                status = self.module.run([str(word) for word in argv])
            except SystemExit as left:
                status = left.code
        return status, out.getvalue(), err.getvalue()

    def expect(self, name, wrong):
        """wrong: what is not as it should be; nothing: passed."""
        if wrong:
            self.failed += 1
            print(f"FAILED {name}: {wrong}")
            return
        self.passed += 1
        if self.verbose:
            print(f"ok {name}")


def said(path):
    """{(name, line, rule)} of the comments of a file."""
    return {(path.name, number, int(rule))
            for number, line in enumerate(path.read_text().splitlines(), 1)
            for match in SAID.finditer(line) for rule in match.group(1).split(",")}


def with_own_headers(path):
    """The file and those of this folder that it includes."""
    names = re.findall(r'^#include "([^"/]+)"', path.read_text(), re.MULTILINE)
    return [path, *(path.parent / name for name in names)]


def compare(result, wanted):
    """What is wrong with a run: status, lines, or a line that is no finding."""
    status, output, errors = result
    lines = output.splitlines()
    matches = [FINDING.match(line) for line in lines]
    if None in matches:
        return f"not a finding: {lines[matches.index(None)]}"
    found = [(Path(match[1]).name, int(match[2]), int(match[3])) for match in matches]
    wrong = [f"missed {finding}" for finding in sorted(wanted - set(found))]
    wrong += [f"invented {finding}" for finding in sorted(set(found) - wanted)]
    if len(found) != len(set(found)):
        wrong.append("said twice")
    if status != int(bool(wanted)) or errors:
        wrong.append(f"status {status} {errors}")
    return "; ".join(wrong)


def offenders(test, more):
    """Each file by itself."""
    rules = set()
    for path in sorted(HERE.glob("*.c")):
        wanted = set().union(*map(said, with_own_headers(path)))
        rules |= {rule for _, _, rule in wanted}
        clean = path.name.startswith("clean")
        wrong = compare(test.run("--calls", more, path), wanted)
        test.expect(path.name, wrong or (clean == bool(wanted) and "the name says the opposite"))
    test.expect("every rule has an offender", rules != {1, 2, 3, 4, 8} and rules)


def project(test):
    """What mirq ships keeps its own rules."""
    for name in ("src/stores", "examples"):
        test.expect(name, compare(test.run(ROOT / name), set()))


def outside(test, scratch):
    """A folder with nothing but a driver and the headers as they are installed."""
    shutil.copytree(ROOT / "include/mirq", scratch / "usr/include/mirq")
    driver = scratch / "driver"
    driver.mkdir()
    for name in ("handler_calls_thread.c", "store_locks.c", "clean_driver.c"):
        shutil.copy(HERE / name, driver)
    wanted = set().union(*map(said, driver.glob("*.c")))
    done = subprocess.run([SCRIPT, "-I", "../usr/include", "."], cwd=driver, text=True, check=False,
                          capture_output=True, stdin=subprocess.DEVNULL)
    test.expect("outside", compare((done.returncode, done.stdout, done.stderr), wanted))
    through_others(test, scratch)
    status, output, errors = test.run("-I", scratch, driver / "clean_driver.c")
    lines = [line for line in errors.splitlines() if "mirq/io.h" in line and "-I" in line]
    test.expect("a folder that is missing", (status, output, len(lines)) != (2, "", 1) and errors)


def through_others(test, scratch):
    """A kernel's header that brings parents in; a store's own header among mirq's."""
    include = scratch / "usr/include"
    (include / "kernel.h").write_text("#include <mirq/bus.h>\n")
    (include / "mirq/own.h").write_text("#include <mirq/store.h>\n")
    driver, store = scratch / "driver/through.c", scratch / "driver/own.c"
    driver.write_text("#include <mirq/mirq.h>\n#include <kernel.h>\nvoid f(void);\n")
    store.write_text("#include <mirq/own.h>\nstruct mirq_store_ops nic_ops;\n")
    test.expect("through a kernel's header",
                compare(test.run("-I", include, driver), {("through.c", 2, 2)}))
    test.expect("a store's own public header", compare(test.run("-I", include, store), set()))


OPTIONS = """#include <mirq/mirq.h>
#ifdef SIZED
#define FIRST MIRQ_SIZED(mirq_irq_want)
#else
#define FIRST .nr = 1
#endif
struct mirq_irq_want want = { FIRST };
"""


def options(test, scratch):
    path = scratch / "options.c"
    path.write_text(OPTIONS)
    found = {("options.c", 7, 1)}
    test.expect("no -D", compare(test.run(path), found))
    test.expect("-D", compare(test.run("-D", "SIZED", path), set()))
    test.expect("flags", compare(test.run(path, "--", "-DSIZED"), set()))
    path.write_text("#include <mirq/bus.h>\nvoid f(void);\n")
    test.expect("shown part", compare(test.run(path), {("options.c", 1, 2)}))
    test.expect("--part", compare(test.run("--part", "port", path), set()))
    path.write_text("int f(void) { return 0; }\n")
    test.expect("nothing of mirq's", compare(test.run(path), set()))


def refusals(test, scratch):
    """Status 2, and a reason on standard error only."""
    broken, calls = scratch / "broken.c", scratch / "calls.txt"
    broken.write_text("#include <mirq/mirq.h>\nint f(void) { return nothing; }\n")
    calls.write_text("waits f\n")
    empty = scratch / "empty"
    empty.mkdir()
    cases = {"broken source": ((broken,), "broken.c:2:22: cannot be read: "),
             "no source": ((scratch / "nothing.c",), "does not exist"),
             "empty folder": ((empty,), "no .c file"),
             "bad list": (("--calls", calls, broken), "calls.txt:1: wants KIND PATTERN"),
             "no list": (("--calls", scratch / "none", broken), "none"),
             "no argument": ((), "required"),
             "no such part": (("--part", "kernel", broken), "invalid choice")}
    for name, (argv, sentence) in cases.items():
        status, output, errors = test.run(*argv)
        test.expect(name, (status != 2 or output or sentence not in errors) and
                    f"status {status}: {output}{errors}")
    status, output, errors = test.run(broken, HERE / "driver_calls_write.c")
    test.expect("goes on after a broken source",
                (status != 2 or "driver_calls_write.c" not in output) and f"{status} {output}{errors}")


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("-v", action="store_true", help="name what passed")
    verbose = parser.parse_args().v
    module = load()
    if module.parsed.missing():
        print(f"skipped: {module.parsed.missing()}")
        return 77
    test = Test(module, verbose)
    with tempfile.TemporaryDirectory() as name:
        scratch = Path(name)
        more = scratch / "more.txt"
        more.write_text(MORE_CALLS)
        offenders(test, more)
        project(test)
        outside(test, scratch)
        options(test, scratch)
        refusals(test, scratch)
    print(f"{test.passed} passed, {test.failed} failed")
    return int(test.failed > 0)


sys.exit(main())
