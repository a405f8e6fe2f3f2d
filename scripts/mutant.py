#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Build a program with a mutant in it: the library with one deliberate mistake.

usage: scripts/mutant.py [--build DIR] PATCH PROGRAM OUTPUT

PATCH is a unified diff to one file of src/ (tests/mutants), PROGRAM a target of the build folder that
was built already, e.g. tool/mirq. Only what the patch touches is compiled again, with the flags that
the build uses; the rest of the library comes from the build folder.

Other scripts import build_mutant().
"""
import argparse
import json
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

from checklib import ROOT

HUNK = re.compile(r"^@@ -(\d+)(?:,(\d+))? \+\d+(?:,\d+)? @@")


class Broken(Exception):
    """The patch does not apply, or what it makes does not compile; the text says where."""


def patched_file(patch_text):
    """The one file that a patch changes, relative to the root."""
    names = re.findall(r"^\+\+\+ (?:b/)?(\S+)", patch_text, re.MULTILINE)
    if len(names) != 1 or not names[0].startswith("src/") or not (ROOT / names[0]).is_file():
        raise Broken(f"a mutant changes one file of src/, this one: {', '.join(names) or 'none'}")
    return Path(names[0])


def hunks(patch_text):
    """(line before, lines before, lines after) of each hunk."""
    lines = patch_text.splitlines()
    for at, line in enumerate(lines):
        match = HUNK.match(line)
        if not match:
            continue
        old, new = [], []
        nr_old = int(match[2] or 1)
        for body in lines[at + 1:]:
            if len(old) >= nr_old and body[:1] not in ("+", "\\"):
                break
            if body[:1] in ("-", " ", ""):
                old.append(body[1:])
            if body[:1] in ("+", " ", ""):
                new.append(body[1:])
        yield int(match[1]) - 1, old, new


def place(lines, old, hint):
    """Where the lines stand: they may have moved, the nearest counts. None: nowhere."""
    found = [at for at in range(len(lines) - len(old) + 1) if lines[at:at + len(old)] == old]
    return min(found, key=lambda at: abs(at - hint)) if found else None


def apply(patch_text, text):
    """The text with the patch applied; every line of context must match."""
    lines, shift, nr = text.splitlines(), 0, 0
    for hint, old, new in hunks(patch_text):
        at = place(lines, old, hint + shift)
        if at is None:
            raise Broken(f"the hunk at line {hint + 1} does not fit any more")
        lines[at:at + len(old)] = new
        shift += len(new) - len(old)
        nr += 1
    if not nr:
        raise Broken("the patch has no hunk")
    return "\n".join(lines) + "\n"


def run(argv, folder):
    done = subprocess.run(argv, cwd=folder, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True, check=False)
    if done.returncode:
        raise Broken(f"{shlex.join(map(str, argv))}\n{done.stdout}")
    return done.stdout


def link_command(build, program):
    """How the build folder links the program: words."""
    for line in reversed(run(["ninja", "-t", "commands", program], build).splitlines()):
        words = shlex.split(line)
        if "-o" in words and words[words.index("-o") + 1] == program:
            return words
    raise Broken(f"{program} is no program of {build}")


def compile_commands(build, archives):
    """(source, words) of each object of the library that goes into one of the archives."""
    for entry in json.loads((build / "compile_commands.json").read_text()):
        source = (build / entry["file"]).resolve()
        archive = entry["output"].split(".p/")[0]
        if archive in archives and source.is_relative_to(ROOT / "src"):
            yield source.relative_to(ROOT), shlex.split(entry["command"]), entry["file"]


def objects(build, changed, overlay, archives):
    """Compile what the changed file is part of, from the overlay; paths of the objects."""
    made = []
    for source, words, name in compile_commands(build, archives):
        if changed.suffix == ".c" and source != changed:
            continue
        target = overlay / (str(source).replace("/", "_") + ".o")
        words = [str(overlay / source) if word == name else word for word in words]
        words[words.index("-o") + 1] = str(target)
        if "-MF" in words:  # the build's own notes on what depends on what stay as they are
            words[words.index("-MF") + 1] = f"{target}.d"
        run([word for word in words if word != "-Werror"], build)
        made.append(str(target))
    if not made:
        raise Broken(f"{changed} is not in the program")
    return made


def build_mutant(patch, build, program, output):
    """Link the program of the build folder with the patch in it, as output."""
    build, output = Path(build).resolve(), Path(output).resolve()
    text = Path(patch).read_text()
    changed = patched_file(text)
    overlay = output.with_name(output.name + ".mutant")
    shutil.rmtree(overlay, ignore_errors=True)
    shutil.copytree(ROOT / "src", overlay / "src")
    (overlay / changed).write_text(apply(text, (ROOT / changed).read_text()))
    words = link_command(build, program)
    archives = {word for word in words if word.endswith(".a")}
    at = words.index("-o")
    # Before the archives: what is defined here is not looked for there.
    words = words[:at] + ["-o", str(output)] + objects(build, changed, overlay, archives) + words[at + 2:]
    run(words, build)
    shutil.rmtree(overlay)
    return output


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--build", type=Path, default=ROOT / "build/native", help="build folder")
    parser.add_argument("patch", type=Path)
    parser.add_argument("program")
    parser.add_argument("output", type=Path)
    arguments = parser.parse_args()
    try:
        print(build_mutant(arguments.patch, arguments.build, arguments.program, arguments.output))
    except Broken as broken:
        print(f"mutant: {arguments.patch}: {broken}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
