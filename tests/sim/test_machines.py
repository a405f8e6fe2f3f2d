#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""What is written about machines is what the program reads: tables, schema, examples.

usage: tests/sim/test_machines.py PROGRAM [--fix]

PROGRAM is build/sim/spec-reference. docs/machines.md has its tables between lines '<!-- NAME -->' and
'<!-- /NAME -->'; docs/machine.schema.json is its schema; each file of examples/machines is a machine,
by the program and by the schema. What the schema bounds, the program refuses outside of the bounds.
--fix writes tables and schema. Exit status 77: all that could be checked is true, jsonschema is missing.
"""
import argparse
import copy
import json
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
DOC = ROOT / "docs/machines.md"
SCHEMA = ROOT / "docs/machine.schema.json"
TABLES = ("machine", "timing", "unit", "device", "places")
wrong = []


def finding(path, line, text):
    wrong.append(f"{path.relative_to(ROOT)}:{line}: {text}")


def ask(program, *words):
    """(status, lines) of the program."""
    done = subprocess.run([program, *words], capture_output=True, text=True, check=False)
    return done.returncode, (done.stdout or done.stderr).splitlines()


def printed(program, *words):
    status, lines = ask(program, *words)
    if status:
        sys.exit(f"{program} {' '.join(words)}: status {status}: {lines}")
    return lines


def example_files():
    return sorted((ROOT / "examples/machines").glob("*.json"))


def example_lines(program):
    """The block of the document: each example in one line."""
    lines = ["```"]
    for path in example_files():
        lines += [f"# {path.name}", *printed(program, "line", str(path))]
    return [*lines, "```"]


def check_blocks(program, fix):
    lines = DOC.read_text().splitlines()
    wanted = {name: printed(program, name) for name in TABLES}
    wanted["examples"] = example_lines(program)
    for name, block in wanted.items():
        first, last = f"<!-- {name} -->", f"<!-- /{name} -->"
        if first not in lines or last not in lines:
            finding(DOC, 1, f"no lines '{first}' and '{last}'")
            continue
        begin, end = lines.index(first) + 1, lines.index(last)
        if fix:
            lines[begin:end] = block
        elif lines[begin:end] != block:
            finding(DOC, begin, f"table '{name}' differs from what the program prints; --fix writes it")
    if fix:
        DOC.write_text("\n".join(lines) + "\n")


def check_forms(program):
    """The machine that the document shows in both forms is one machine."""
    blocks = re.findall(r"^```(json)?\n(.*?)^```$", DOC.read_text(), re.MULTILINE | re.DOTALL)
    texts = [text for _, text in blocks[:2]]
    if [form for form, _ in blocks[:2]] != ["", "json"]:
        finding(DOC, 1, "does not begin with a machine in one line, then in JSON")
    elif printed(program, "line", texts[0]) != printed(program, "line", texts[1]):
        finding(DOC, 1, "its first two machines differ")


def check_schema(program, fix):
    text = "\n".join(printed(program, "schema")) + "\n"
    if fix:
        SCHEMA.write_text(text)
    elif not SCHEMA.is_file() or SCHEMA.read_text() != text:
        finding(SCHEMA, 1, "differs from what the program prints; --fix writes it")
    return json.loads(text)


def objects(schema):
    """(path, properties) of each object of a machine."""
    properties = schema["properties"]
    yield (), properties
    yield ("timing",), properties["timing"]["properties"]
    for name in ("units", "devices"):
        yield (name, 0), properties[name]["items"]["properties"]


def misfits(property_schema):
    """Values just outside of what the schema allows for a word, and what still fits."""
    integer = property_schema.get("anyOf", [{}])[0]
    if "minimum" in integer:
        yield integer["minimum"] - 1
        yield str(integer.get("maximum", 2**64 - 1) + 1)
        yield from [integer["maximum"] + 1] if "maximum" in integer else []
        yield from [integer["minimum"] + 1] if "multipleOf" in integer else []
        yield from [3] if "enum" in integer else []
    yield None
    yield 0.5
    yield []


def check_bounds(program, schema):
    """The schema bounds nothing that the program takes; and there is no other word."""
    machine = {"timing": {}, "units": [{}], "devices": [{"name": "a"}]}
    nr = 0
    for path, properties in objects(schema):
        words = {name: list(misfits(value)) for name, value in properties.items()
                 if name not in ("units", "devices", "timing")}
        words["other"] = [1]
        for name, values in words.items():
            for value in values:
                text = copy.deepcopy(machine)
                into = text
                for step in path:
                    into = into[step]
                into[name] = value
                status, lines = ask(program, "line", json.dumps(text))
                nr += 1
                if status != 1 or f"{name}: " not in lines[0]:
                    finding(SCHEMA, 1, f"{path} {name}: {value!r} is not refused: {lines}")
    if nr < 100:
        finding(SCHEMA, 1, f"only {nr} values were tried")


def check_examples(schema):
    """The schema takes each example, and none with a word that is not there."""
    try:
        import jsonschema
    except ImportError:
        return False
    jsonschema.Draft7Validator.check_schema(schema)
    validator = jsonschema.Draft7Validator(schema)
    for path in example_files():
        machine = json.loads(path.read_text())
        for error in validator.iter_errors(machine):
            finding(path, 1, f"{list(error.absolute_path)}: {error.message}")
        for strange in ({**machine, "other": 1}, {**machine, "cpus": 0}, {**machine, "units": [{"x": 1}]},
                        {**machine, "devices": [{"msix": 1}]}, {**machine, "ram": "4 M"}):
            if validator.is_valid(strange):
                finding(SCHEMA, 1, f"takes {strange}")
    return True


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("program", help="build/sim/spec-reference")
    parser.add_argument("--fix", action="store_true", help="write tables and schema")
    arguments = parser.parse_args()
    if len(example_files()) < 4:
        finding(ROOT / "examples/machines", 1, "there are fewer than four examples")
    check_blocks(arguments.program, arguments.fix)
    check_forms(arguments.program)
    schema = check_schema(arguments.program, arguments.fix)
    check_bounds(arguments.program, schema)
    is_complete = check_examples(schema)
    print("\n".join(wrong) or f"{len(example_files())} examples, {len(TABLES)} tables: nothing to say")
    if wrong:
        return 1
    if not is_complete:
        print("examples are not validated: Python's jsonschema is missing; scripts/bootstrap installs it")
        return 77
    return 0


sys.exit(main())
