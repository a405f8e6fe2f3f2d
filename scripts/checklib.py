# SPDX-License-Identifier: MIT
"""What the check scripts share: where files are, how C is cut up, how findings are printed.

A finding is one line "path:line: [rule] sentence"; a script with findings exits with status 1.
"""
import re
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
CODE_FOLDERS = ("include", "src", "ports", "sim", "tool", "kernel", "tests", "bench", "examples")


class Findings:
    """Collects what a check script has to say and ends it."""

    def __init__(self, script):
        self.script = script
        self.lines = []

    def add(self, path, line, rule, text):
        path = Path(path)
        if path.is_absolute() and path.is_relative_to(ROOT):
            path = path.relative_to(ROOT)
        self.lines.append((str(path), line, f"{path}:{line}: [{rule}] {text}"))

    def finish(self, looked_at):
        """Print everything and exit; looked_at says what was checked, e.g. '14 headers'."""
        for _, _, text in sorted(self.lines):
            print(text)
        if self.lines:
            print(f"{self.script}: {len(self.lines)} findings in {looked_at}")
            sys.exit(1)
        print(f"{self.script}: {looked_at}, nothing to say")
        sys.exit(0)


def library_sources():
    """Paths of sources.list, relative to the root, in its order."""
    lines = (ROOT / "sources.list").read_text().splitlines()
    return [line.strip() for line in lines if line.strip() and not line.startswith("#")]


def room(path):
    """'src/core/irq.c' -> 'core'."""
    return Path(path).parts[1]


def code_files(*folders, suffixes=(".c", ".h")):
    """All files with these suffixes below the folders (default: every code folder), sorted."""
    found = []
    for folder in folders or CODE_FOLDERS:
        for path in (ROOT / folder).rglob("*"):
            if path.suffix in suffixes and path.is_file():
                found.append(path)
    return sorted(found)


def public_headers():
    return sorted((ROOT / "include" / "mirq").glob("*.h"))


def strip_comments(text):
    """The same text with comments and string contents blanked; line numbers are kept."""
    pattern = re.compile(r"/\*.*?\*/|//[^\n]*|\"(?:\\.|[^\"\\\n])*\"|'(?:\\.|[^'\\\n])*'", re.DOTALL)

    def blank(match):
        piece = match.group(0)
        if piece[0] in "\"'":
            return piece[0] + " " * (len(piece) - 2) + piece[0]
        return re.sub(r"[^\n]", " ", piece)

    return pattern.sub(blank, text)


def functions(text):
    """(name, first line, last line) of every function body that opens with '{' in column 0."""
    lines = strip_comments(text).split("\n")
    start = None
    for number, line in enumerate(lines, 1):
        if line.startswith("{") and start is None:
            start = number
        elif line.startswith("}") and start is not None:
            name = _name_before(lines, start)
            if name and line.strip() == "}":
                yield name, start, number
            start = None


def _name_before(lines, start):
    """Name of the function whose body opens at line start; None for a table or a type."""
    head = ""
    for number in range(start - 1, max(0, start - 12), -1):
        line = lines[number - 1]
        if line.rstrip().endswith((";", "}")) or not line.strip() or line.startswith("#"):
            break
        head = line + " " + head
    match = re.search(r"([A-Za-z_]\w*)\s*\(", head)
    return match.group(1) if match and "=" not in head.split("(")[0] else None


def run_all(commands, jobs=2):
    """Run commands (key, argv) side by side; yields (key, status, output) in order."""

    def one(item):
        key, argv = item
        done = subprocess.run(argv, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, text=True, check=False, cwd=ROOT)
        return key, done.returncode, done.stdout

    with ThreadPoolExecutor(jobs) as pool:
        yield from pool.map(one, commands)
