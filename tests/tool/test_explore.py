#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""'mirq sim --scenario': names, bounds, random schedules, schedules again.

usage: tests/tool/test_explore.py PROGRAM

Each test was seen to fail: with --explore ignored, with the number of --seed not handed on, with a
replay that explores, with status 0 for a FAIL, with a name left out of the list in JSON.
"""
import re
import sys

from tool import PASS, Tool, expect, main, verdict


def names(tool):
    status, out, _ = tool.run("sim", "--list")
    expect(status == PASS, "--list")
    return [line.split()[0] for line in out.splitlines()]


def list__names__each_is_taken(tool):
    known = names(tool)
    expect(len(known) == len(set(known)) and len(known) >= 20, f"{len(known)} names")
    _, document = tool.document("sim", "--list")
    expect([s["name"] for s in document["scenarios"]] == known, "JSON has other names")
    for name in known:
        status, out, _ = tool.run("sim", "--scenario", name, "--seed", "-")
        word, totals = verdict(out)
        expect((status, word, totals["schedules"]) == (PASS, "PASS", "1"), f"{name}: {out[-300:]}")


def bound__larger__more_schedules(tool):
    found = []
    for bound in ("0", "1"):
        status, out, _ = tool.run("sim", "--scenario", "move", "--explore", bound)
        word, totals = verdict(out)
        expect((status, word, totals["complete"]) == (PASS, "PASS", "yes"), out)
        expect(f"at most {bound} preemptions" in out, out)
        found.append(int(totals["schedules"]))
    expect(0 < found[0] < found[1], f"schedules: {found}")


def seed__number__one_schedule_that_it_makes(tool):
    seeds = set()
    for seed in ("1", "2", "3", "4", "5"):
        words = ("sim", "--scenario", "move-table", "--seed", seed)
        status, document = tool.document(*words)
        expect((status, document["mode"], document["schedules"]) == (PASS, "random", 1), words)
        expect(document == tool.document(*words)[1], f"{words}: another run, another outcome")
        expect(document == tool.document("sim", "--seed", f"move-table@random:{seed}")[1], words)
        seeds.add(document["seed"])
    expect(len(seeds) >= 4, f"five numbers, {len(seeds)} schedules")


def replay__what_was_printed__same_story(tool):
    _, document = tool.document("sim", "--scenario", "move-table", "--seed", "7")
    words = re.fullmatch(r"([a-z-]+)@([0-9:,]+)", document["seed"])
    expect(words, f"no schedule: {document['seed']}")
    again = tool.document("sim", "--seed", document["seed"])[1]
    expect(again["mode"] == "replay" and again["schedules"] == 1, "it was not replayed")
    expect((again["story"], again["points"]) == (document["story"], document["points"]), "another story")
    expect(again == tool.document("sim", "--scenario", words[1], "--seed", words[2])[1], "in two words")
    out = tool.run("sim", "--seed", document["seed"])[1]
    expect("\n".join(document["story"]) in out, "the text has no story")
    expect(f"replay: mirq sim --seed '{document['seed']}'" in out, "the text has no command")


def replay__schedule_that_does_not_fit__fails(tool):
    status, out, _ = tool.run("sim", "--scenario", "move", "--seed", "1:9999")
    expect(status == 1 and verdict(out)[0] == "FAIL", f"{status}: {out}")


if __name__ == "__main__":
    main([list__names__each_is_taken, bound__larger__more_schedules,
          seed__number__one_schedule_that_it_makes, replay__what_was_printed__same_story,
          replay__schedule_that_does_not_fit__fails], Tool(sys.argv[1]))
