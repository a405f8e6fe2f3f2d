#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The mirq command: help, errors, exit statuses, the story on many machines, seeds.

usage: tests/tool/test_command.py PROGRAM

Each test was seen to fail: with an option missing in the manual, with STATUS_USAGE as 1, with the
seed left out of the traffic's random numbers, with time in the output, with the chapter "forgery" told
as played without a unit, with a counter added up twice, with a chapter's counts not cut off, with
sim_spec_parse() instead of sim_spec_load(), with REMAP_IF_FOUND on every machine; the parts of the
chapter "parents" with a mux that names one line, or the next one, for all, with a flat backend whose
message is its neighbour's, or whose ids are never given back.
"""
import re
import sys
import time

from tool import FAIL, PASS, ROOT, USAGE, Tool, expect, main, verdict

OPTION = re.compile(r"--[a-z]+")
STORY_LIMIT_S = 20


def version():
    text = (ROOT / "include/mirq/version.h").read_text()
    return re.search(r'MIRQ_VERSION_STRING "([^"]+)"', text).group(1)


def help__everywhere__says_how(tool):
    for words in (["--help"], ["-h"]):
        status, out, err = tool.run(*words)
        expect(status == PASS and not err and out.startswith("usage: mirq sim"), words)
    status, out, _ = tool.run("sim", "--help")
    expect(status == PASS and tool.run("sim", "-h")[1] == out, "sim -h")
    expect(tool.run("sim", "--json", "--help")[1] == out, "--help wins")
    status, out, _ = tool.run("--version")
    expect((status, out) == (PASS, f"mirq {version()}\n"), f"--version: {out}")


def manual__options__those_of_the_help(tool):
    page = (ROOT / "docs/man/mirq.1").read_text().replace("\\-", "-")
    told = set(OPTION.findall(tool.run("sim", "--help")[1]))
    written = set(OPTION.findall(page)) - {"--version"}
    expect(told == written, f"help and manual differ: {sorted(told ^ written)}")
    expect(f'"mirq {version()}"' in page, "the manual is of another version")


ERRORS = [
    ([], "usage: mirq"),
    (["simulate"], "unknown command 'simulate'.*mirq --help"),
    (["--frob"], "unknown option '--frob'.*mirq --help"),
    (["sim", "--frob"], "unknown option '--frob'.*mirq sim --help"),
    (["sim", "frob"], "unknown argument 'frob'.*mirq sim --help"),
    (["sim", "--machin", "cpus=1"], "unknown option '--machin'"),
    (["sim", "--machine"], "--machine needs a value"),
    (["sim", "--json=1"], "--json takes no value"),
    (["sim", "--seed", "x"], "--seed takes a number from 0 to .*'x'"),
    (["sim", "--seed=-1"], "--seed takes a number"),
    (["sim", "--seed", "99999999999999999999"], "--seed takes a number"),
    (["sim", "--explore", "2"], "--explore belongs to --scenario"),
    (["sim", "--machine", "cpus=x"], r"--machine: cpus=x: .*\n  cpus=x\n  \^~~~~~\n.*machines.md"),
    (["sim", "--machine", "cpus=2 vtd a:msi=3"],
     r"msi=3: .*power of two.*\n  cpus=2 vtd a:msi=3\n {15}\^~~~~\n"),
    (["sim", "--machine", "/nowhere/m.json"], "/nowhere/m.json.*cannot be read"),
    (["sim", "--machine", '{"cpus": 4, "foo": 1}'], "--machine:1:13: foo: "),
    (["sim", "--scenario", "nosuch"], "nosuch: .*mirq sim --list"),
    (["sim", "--scenario", "move", "--explore", "few"], "--explore takes a number.*'few'"),
    (["sim", "--scenario", "move", "--machine", "cpus=1"], "--machine belongs to the story"),
    (["sim", "--scenario", "move", "--seed", "release@-"], "another scenario than 'move'"),
    (["sim", "--scenario", "move", "--seed", "-", "--explore", "1"], "exclude each other"),
    (["sim", "--scenario", "move", "--seed", "random:x"], "'random:' comes a number"),
]


def errors__each__status_2_and_a_remedy(tool):
    for words, wanted in ERRORS:
        status, out, err = tool.run(*words)
        expect(status == USAGE, f"{words}: status {status}")
        expect(not out, f"{words}: prints {out}")
        expect(re.search(wanted, err, re.DOTALL), f"{words}: says {err}")


def story__default__within_its_time(tool):
    begin = time.monotonic()
    status, out, err = tool.run("sim", limit_s=STORY_LIMIT_S)
    expect(time.monotonic() - begin < STORY_LIMIT_S, "it takes too long")
    word, totals = verdict(out)
    expect((status, word, err) == (PASS, "PASS", ""), f"{status}, {word}, {err}")
    expect(totals["raised"] == totals["handled"] and int(totals["raised"]) > 1000, totals)
    expect(totals["lost"] == totals["stray"] == "0", totals)
    expect(int(totals["moved"]) >= 200 and totals["blocked"] == "3", totals)
    expect("FAIL" not in out and "SKIP" not in out, "the server plays every chapter")
    expect("tree: device nvme0 -> VT-d 0  isolated" in out, "no tree")
    for store in ("array", "queue", "registers", "firmware"):
        expect(re.search(rf"^tree:   IMS-{store}  \d+ of \d+ slots, device-specific$", out,
                         re.MULTILINE), f"no tree of {store}")
        told = re.search(rf"^driver: accel.{store} +raised=(\d+) handled=(\d+) polled=(\d+)", out,
                         re.MULTILINE)
        raised, handled, polled = map(int, told.groups())
        expect(raised == handled + polled and handled > 100, f"{store}: {told[0]}")


def story__counts__add_up(tool):
    _, out, _ = tool.run("sim", "--seed", "3")
    word, totals = verdict(out)
    lines = [dict(pair.split("=") for pair in line.split()[1:])
             for line in out.splitlines() if line.startswith("counts:")]
    drivers = [dict(pair.split("=") for pair in line.split() if "=" in pair)
               for line in out.splitlines() if line.startswith("driver:") and "raised=" in line]
    chapters = re.findall(r"^== (\w+):", out, re.MULTILINE)

    def total(rows, *names):
        return sum(int(row.get(name, 0)) for row in rows for name in names)

    expect(word == "PASS" and len(lines) == len(chapters), f"{len(lines)} of {chapters}")
    expect(total(lines, "raised") == int(totals["raised"]), "raised")
    expect(total(lines, "handled", "polled") == int(totals["handled"]), "handled")
    expect(total(lines, "moved") == int(totals["moved"]), "moved")
    expect(total(lines, "blocked") == total(lines, "reported") == int(totals["blocked"]), "blocked")
    # Told before the last chapter's own traffic.
    expect(total(drivers, "raised") == total(lines[:-1], "raised"), "raised by drivers")
    expect(f"run: {out.count('PASS: ')} passed, 0 failed" in out, "run:")


def seed__same__same_output(tool):
    for words in (["--seed", "1"], ["--seed", "0x2a"], ["--seed", "7", "--json"],
                  ["--machine", "cpus=3 posted=9 message=30 a:msix=3 b:msi=2", "--seed", "5"]):
        expect(tool.run("sim", *words)[1] == tool.run("sim", *words)[1], words)
    expect(tool.run("sim")[1] == tool.run("sim", "--seed=1")[1], "the default is 1")


def seed__others__other_numbers(tool):
    # On the second machine everything arrives at once: who interrupts and what moves differ still.
    for machine in ([], ["--machine", "cpus=4 a:msix=4"]):
        totals = set()
        for seed in range(1, 11):
            status, out, _ = tool.run("sim", *machine, "--seed", str(seed))
            expect(status == PASS, f"seed {seed}: {out}")
            totals.add(out.splitlines()[-1])
        expect(len(totals) >= 8, f"{machine}: ten seeds, {len(totals)} verdicts")


# part of the chapter "parents": what it must say, with numbers above 0
PARENTS = {
    "window": [r"PASS: window: a bridge shows CPUs 0 to 2, not CPU 3",
               r"refused: a move to CPU 3: .*outside what this window lets through",
               r"PASS: window: (\d+) interrupts, (\d+) of (\d+) moves changed the CPU; (\d+) messages sent, "
               r"(\d+) translated, 0 not; CPU 3 took 0"],
    "guest": [r"refused: IMS in a guest: .*rule 6: .*",
              r"PASS: guest: a device's own store is refused by rule 6",
              r"PASS: guest: (\d+) interrupts by MSI-X, (\d+) of"],
    "provider": [r"PASS: provider: (\d+) interrupts, IMS too; (\d+) of (\d+) moves changed the CPU; (\d+) "
                 r"messages passed; (\d+) mappings made, (\d+) live",
                 r"PASS: provider: (\d+) mappings made, (\d+) given back, 0 that were none"],
    "mux": [r"PASS: mux: (\d+) interrupts, (\d+) of (\d+) moves changed the line while firing; (\d+) messages "
            r"of disks, (\d+) heard",
            r"PASS: mux: (\d+) moves of lines took (\d+) interrupts along; (\d+) of (\d+) arrive"],
    "legacy": [r"PASS: legacy: (\d+) interrupts by MSI and MSI-X, (\d+) where the backend put them; it was "
               r"asked (\d+) times, (\d+) ids are given",
               r"refused: IMS on a flat backend: .*rule 5: ",
               r"PASS: legacy: a device's own store is refused by rule 5",
               r"PASS: legacy: a platform device pulls its (\d+) wires (\d+) times, (\d+) and (\d+) heard, "
               r"(\d+) of them kept while nobody listened",
               r"PASS: legacy: (\d+) ids given, (\d+) given back, 0 that were none"],
    "bridge": [r"PASS: bridge: (\d+) interrupts, (\d+) of (\d+) moves changed the CPU; the peer raised (\d+), "
               r"wrote (\d+), (\d+) came through, answered (\d+) times",
               r"refused: a move out of the window: .*cannot be placed",
               r"PASS: bridge: one that would need 0xfee00000 to 0xfee04000 is refused",
               r"PASS: bridge: (\d+) moved together, the window from 0xfee00000 to 0xfee04000; (\d+) of (\d+)"],
    "vetted": [r"driver: dsa.array: (\d+) of 256 ", r"driver: mlx5.queue: (\d+) ",
               r"driver: wifi.firmware: (\d+) ",
               r"PASS: vetted: (\d+) interrupts of idxd, mlx5 and ath11k, (\d+) of (\d+) moves changed the CPU, "
               r"each store lent 2 times; (\d+) messages sent, (\d+) remapped, 0 blocked"],
}


def parents(out):
    return out.split("\n== parents: ")[1].split("\n== ")[0]


def parents__each_part__what_it_did(tool):
    for seed in ("1", "5"):
        out = parents(tool.run("sim", "--seed", seed)[1])
        for name, wanted in PARENTS.items():
            rest = rf"PASS: {name}: raised=(\d+) handled=\1 lost=0 stray=0; 0 interrupts, 0 pieces of memory"
            for line in [*wanted, rest]:
                told = re.search(f"^{line}", out, re.MULTILINE)
                expect(told, f"seed {seed}: {name} has no line {line}")
                expect(all(map(int, told.groups())), f"seed {seed}: {told[0]}")
        made, back = re.search(r"provider: (\d+) mappings made, (\d+) given back", out).groups()
        expect(made == back, f"{made} mappings, {back} given back")


def parents__counts__those_of_its_drivers(tool):
    chapters = {chapter["name"]: chapter for chapter in tool.document("sim", "--seed", "2")[1]["chapters"]}
    told = [re.search(r"raised=(\d+) handled=(\d+) polled=(\d+)", line["text"])
            for line in chapters["parents"]["lines"] if line["word"] == "driver"]
    sums = [sum(int(match[nr]) for match in told if match) for nr in (1, 2, 3)]
    counts = chapters["parents"]["counts"]
    expect(sums == [counts["raised"], counts["handled"], counts["polled"]], f"{sums} and {counts}")
    expect(counts["moved"] > 60 and counts["judged"] > 1000 and not counts["stray"], counts)


# machine, chapters that it cannot play, what the verdict must hold besides PASS
MACHINES = [
    ("cpus=1", ["cpus", "drivers", "forgery", "masks", "moves", "traffic"], {"raised": 0}),
    ("cpus=1 a:msix=4", ["cpus", "forgery", "moves"], {"moved": 0, "blocked": 0}),
    ("cpus=4 a:msix=4", ["forgery"], {"blocked": 0}),
    ("cpus=4 a:msi=1,nomask,msi32", ["forgery"], {"blocked": 0}),
    ("cpus=4 a:msi=8,behind=root", ["forgery"], {"moved": 0}),
    ("cpus=4 vtd=no-ir a:msix=2 b:msix=2", ["forgery"], {"blocked": 0}),
    ("cpus=4 vtd a:msi=16,nomask", ["forgery"], {"blocked": 0}),
    ("cpus=4 vtd a:msix=2 b:msi=1", [], {"blocked": 3}),
    ("cpus=4 vtd=coherent=0 a:msix=8 b:msi=4", [], {"blocked": 3}),
    ("cpus=4 vtd=esirtps,rwbf,mhmv=0 a:msix=8,bar=2 b:msi=2", [], {"blocked": 3}),
    ("cpus=4 vtd vtd a:msix=2 b:msix=4,unit=1 c:msix=2,unit=1", [], {"blocked": 3}),
    ("cpus=4 vtd a:msi=1,behind=pci-bridge b:msi=1,behind=pci-bridge", ["forgery"], {"blocked": 0}),
    ("cpus=4 x2apic-entered vtd=eim apic-first=300 apic-step=7 a:msix=8 b:msix=1", [], {"blocked": 3}),
    ("cpus=2 posted=100000 message=100000 ipi=100000 vtd=steps=1000 a:msix=3 b:msi=1", [], {}),
    ("cpus=64 nodes=4 vtd=eim x2apic a:msix=65 b:msix=2048", [], {"blocked": 3}),
    ("cpus=4 a:array=8,queue=4,registers=2,firmware=4", ["forgery"], {"blocked": 0}),
    ("cpus=2 posted=20 message=20 a:array=8,array-nomask,queue=4,steps=40 b:firmware=1", ["forgery"],
     {"blocked": 0}),
    ("cpus=4 vtd=steps=2 a:msix=2,firmware=8,once,steps=9 b:queue=30,registers=8", [], {"blocked": 3}),
]


def story__machines__as_much_as_they_can(tool):
    for machine, not_played, wanted in MACHINES:
        for seed in ("1", "2"):
            status, document = tool.document("sim", "--machine", machine, "--seed", seed)
            what = f"{machine}, seed {seed}"
            expect((status, document["verdict"]) == (PASS, "PASS"), what)
            skipped = sorted(c["name"] for c in document["chapters"] if not c["played"])
            expect(skipped == sorted([*not_played, "parents"]), f"{what}: not played {skipped}")
            totals = document["totals"]
            expect(totals["raised"] == totals["handled"] + totals["polled"], what)
            for name, value in wanted.items():
                expect(totals[name] == value, f"{what}: {name}={totals[name]}")


def story__files__as_the_line(tool):
    files = sorted((ROOT / "examples/machines").glob("*.json"))
    expect(len(files) >= 4, "the examples are gone")
    for path in files:
        status, out, err = tool.run("sim", "--machine", str(path))
        expect(status == PASS and not err, f"{path.name}: {out[-400:]}{err}")
    inline = tool.run("sim", "--machine", '{"cpus": 2, "devices": [{"name": "a", "msix": 3}]}')
    expect(inline == tool.run("sim", "--machine", "cpus=2 a:msix=3"), "JSON and a line differ")


def story__machine_that_mirq_refuses__fails(tool):
    status, out, _ = tool.run("sim", "--machine", "cpus=4 x2apic-entered vtd a:msix=2")
    expect(status == FAIL and verdict(out)[0] == "FAIL", f"{status}: {out}")
    expect(re.search("refused: .*EIM", out), "it is not said why")


if __name__ == "__main__":
    main([help__everywhere__says_how, manual__options__those_of_the_help,
          errors__each__status_2_and_a_remedy, story__default__within_its_time,
          story__counts__add_up, parents__each_part__what_it_did,
          parents__counts__those_of_its_drivers, seed__same__same_output, seed__others__other_numbers,
          story__machines__as_much_as_they_can, story__files__as_the_line,
          story__machine_that_mirq_refuses__fails], Tool(sys.argv[1]))
