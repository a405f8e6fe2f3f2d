#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""What --json prints is what docs/mirq-sim.schema.json says, and what the text says.

usage: tests/tool/test_json.py PROGRAM

More outputs that fail are in test_mutants.py. Exit status 77: jsonschema is missing.

Each test was seen to fail: with a member renamed in the program, with "additionalProperties" taken out
of the schema, with a count left out of the text, with lines that go to the text only.
"""
import copy
import json
import re
import sys

from tool import FAIL, PASS, ROOT, SKIPPED, Tool, expect, main, verdict

try:
    import jsonschema
except ImportError:
    print("skip: python3-jsonschema is not installed")
    sys.exit(SKIPPED)

SCHEMA = json.loads((ROOT / "docs/mirq-sim.schema.json").read_text())
VALIDATOR = jsonschema.Draft7Validator(SCHEMA)
STORIES = [[], ["--seed", "9"], ["--machine", "cpus=1 a:msix=2"], ["--machine", "cpus=2"],
           ["--machine", "cpus=4 vtd=no-ir a:msi=4"], ["--machine", "cpus=4 x2apic-entered vtd a:msi=1"]]
SCENARIOS = [["--list"], ["--scenario", "move", "--explore", "0"], ["--scenario", "move", "--seed", "3"],
             ["--scenario", "move", "--seed", "-"], ["--scenario", "move", "--seed", "1:9999"]]


def is_valid(document):
    return VALIDATOR.is_valid(document)


def valid(tool, words):
    status, document = tool.document("sim", *words)
    wrong = [f"{'/'.join(map(str, error.path))}: {error.message}"
             for error in VALIDATOR.iter_errors(document)]
    expect(not wrong, f"{words}: {wrong[:2]}")
    expect(status == (FAIL if document.get("verdict") == "FAIL" else PASS), f"{words}: {status}")
    return document


def schema__itself__is_one(_):
    jsonschema.Draft7Validator.check_schema(SCHEMA)


def story__each__valid(tool):
    for words in STORIES:
        document = valid(tool, words)
        expect(document["kind"] == "story", document["kind"])


def scenario__each__valid(tool):
    kinds = [valid(tool, words)["kind"] for words in SCENARIOS]
    expect(kinds == ["list"] + ["scenario"] * (len(SCENARIOS) - 1), kinds)


def objects(value):
    """Every object below value."""
    if isinstance(value, dict):
        yield value
    for inner in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from objects(inner)


def schema__more_or_other_members__refused(tool):
    document = tool.document("sim", "--seed", "2")[1]
    for nr in range(len(list(objects(document)))):
        more = copy.deepcopy(document)
        list(objects(more))[nr]["more"] = 1
        expect(not is_valid(more), f"one member more is valid in {sorted(list(objects(document))[nr])}")
        if nr > 40:
            break
    for name in document:
        less = {key: value for key, value in document.items() if key != name}
        expect(not is_valid(less), f"valid without {name}")
    for name, value in (("verdict", "MAYBE"), ("seed", -1), ("kind", "scenario"), ("chapters", [])):
        expect(not is_valid({**document, name: value}), f"{name} = {value} is valid")
    chapter = copy.deepcopy(document)
    del chapter["chapters"][1]["counts"]["raised"]
    expect(not is_valid(chapter), "counts without raised are valid")


def text(document):
    """The lines that the story prints, from its document."""
    for chapter in document["chapters"]:
        yield f"== {chapter['name']}: {chapter['summary']}"
        if not chapter["played"]:
            yield f"SKIP: {chapter['why_not']}"
        yield from (f"{line['word']}: {line['text']}" for line in chapter["lines"])
        yield from (f"{'PASS' if c['good'] else 'FAIL'}: {c['text']}" for c in chapter["checks"])
        if "counts" in chapter:
            counts = " ".join(f"{name}={value}" for name, value in chapter["counts"].items() if value)
            yield f"counts: {counts}"
    yield "run: {passed} passed, {failed} failed, {skipped} skipped".format(**document["checks"])


def story__document__says_what_the_text_says(tool):
    for words in STORIES:
        status, out, _ = tool.run("sim", *words)
        document = tool.document("sim", *words)[1]
        printed = sorted(line for line in out.splitlines() if line and not line.startswith("verdict:"))
        expect(printed == sorted(text(document)), f"{words}: they differ")
        word, totals = verdict(out)
        expect(word == document["verdict"] and status == (word == "FAIL"), words)
        counts = dict(document["totals"])
        counts["handled"] += counts["polled"]
        expect(all(counts[name] == int(value) for name, value in totals.items()), totals)


def manual_table(section):
    """First column of a table of the manual."""
    page = re.sub(r"\\.", "", (ROOT / "docs/man/mirq.1").read_text())
    table = page.split(f".SS {section}")[1].split(".TE")[0]
    return [name for line in table.splitlines() if "\t" in line for name in line.split("\t")[0].split(", ")]


def chapters__names__in_the_manual(tool):
    names = [chapter["name"] for chapter in tool.document("sim")[1]["chapters"]]
    expect(manual_table("The story") == names, f"the document has {names}")


def counts__names__in_the_manual(tool):
    names = set(manual_table("Counters"))
    wanted = set(tool.document("sim")[1]["totals"])
    expect(names == wanted, f"manual and document differ: {sorted(names ^ wanted)}")
    schema_names = set(SCHEMA["definitions"]["counts"]["properties"])
    expect(schema_names == wanted, f"schema and document differ: {sorted(schema_names ^ wanted)}")


if __name__ == "__main__":
    main([schema__itself__is_one, story__each__valid, scenario__each__valid,
          schema__more_or_other_members__refused, story__document__says_what_the_text_says,
          chapters__names__in_the_manual, counts__names__in_the_manual], Tool(sys.argv[1]))
