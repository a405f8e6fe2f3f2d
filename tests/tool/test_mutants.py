#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""With a mistake planted in the library the story fails, and what fails is told in JSON.

usage: tests/tool/test_mutants.py BUILD PROGRAM

PROGRAM is named as in the build folder: tool/mirq. Each mutant of STORY is one patch of tests/mutants;
the program is linked again with what the patch makes (scripts/mutant.py). Documents are held against
docs/mirq-sim.schema.json where jsonschema is there.

Was seen to fail: with a patch that changes nothing, with status 0 for a FAIL, with the oracle's verdict
left out, without the comparison of ids and interrupts, without a way out of a call that does not end,
with a member of the schema left out.
"""
import json
import sys
import tempfile
from pathlib import Path

from tool import FAIL, PASS, ROOT, Tool, expect, main, verdict

sys.path.insert(0, str(ROOT / "scripts"))
import mutant  # noqa: E402

SEEDS = ("1", "2", "3", "11")
# patch: what the story says of it
STORY = {
    "move-no-flush": "I4: ",
    "move-no-kick": "ids of CPUs taken by",
    "move-keeps-mutex": "I7: mirq_affinity_set",
    "entry-no-source": "I6: ",
    "window-bound": "window: a CPU outside is refused",
    "mapping-ended-early": "I4: vf message",
    "ntb-told-early": "I4: end message",
    "ntb-window-bound": "bridge: one that would need 0x0 to 0x0 is refused",
    "pasid-after-message": "a slot was told a message before it was told its PASID",
}
SCENARIO = ("move-no-flush", "move-table")


def schema():
    try:
        import jsonschema
    except ImportError:
        return None
    return jsonschema.Draft7Validator(json.loads((ROOT / "docs/mirq-sim.schema.json").read_text()))


def valid(document):
    validator = schema()
    if validator:
        wrong = [error.message for error in validator.iter_errors(document)]
        expect(not wrong, f"the schema refuses {document['kind']}: {wrong[:1]}")


class Mutants:
    """Programs with a mutant in them, each built once."""

    def __init__(self, build, program, scratch):
        self.build, self.program, self.scratch = build, program, Path(scratch)

    def tool(self, name):
        output = self.scratch / name
        if not output.exists():
            patch = ROOT / f"tests/mutants/{name}.patch"
            mutant.build_mutant(patch, self.build, self.program, output)
        return Tool(output)

    def original(self):
        return Tool(Path(self.build) / self.program)


def story__without_mutant__passes(mutants):
    for seed in SEEDS:
        status, out, _ = mutants.original().run("sim", "--seed", seed)
        expect((status, verdict(out)[0]) == (PASS, "PASS"), f"seed {seed}: {out}")


def story__each_mutant__fails_whatever_the_seed(mutants):
    for name, wanted in STORY.items():
        for seed in SEEDS:
            status, out, _ = mutants.tool(name).run("sim", "--seed", seed)
            what = f"{name}, seed {seed}"
            expect((status, verdict(out)[0]) == (FAIL, "FAIL"), f"{what}: status {status}")
            told = [line for line in out.splitlines() if line.startswith(("FAIL:", "oracle:"))]
            expect(any(wanted in line for line in told), f"{what}: {told}")


def story__mutant__valid_json_that_says_so(mutants):
    for name in STORY:
        status, document = mutants.tool(name).document("sim")
        expect((status, document["verdict"]) == (FAIL, "FAIL"), f"{name}: status {status}")
        bad = [c["text"] for chapter in document["chapters"] for c in chapter["checks"] if not c["good"]]
        expect(len(bad) == document["checks"]["failed"] > 0, f"{name}: {bad}")
        valid(document)


def scenario__mutant__story_and_schedule(mutants):
    name, scenario = SCENARIO
    tool = mutants.tool(name)
    status, document = tool.document("sim", "--scenario", scenario)
    expect((status, document["verdict"]) == (FAIL, "FAIL"), f"{name}: status {status}")
    expect(document["story"] and document["reason"], "no story")
    valid(document)
    again = tool.document("sim", "--seed", document["seed"])[1]
    expect((again["story"], again["reason"], again["verdict"], again["mode"]) ==
           (document["story"], document["reason"], "FAIL", "replay"), "the replay tells another story")
    status, out, _ = tool.run("sim", "--scenario", scenario)
    expect(status == FAIL and f"replay: mirq sim --seed '{document['seed']}'" in out, out[-600:])
    expect(mutants.original().run("sim", "--scenario", scenario)[0] == PASS, "it fails without, too")


def patch__that_does_not_fit__refused(mutants):
    text = (ROOT / "tests/mutants/move-no-flush.patch").read_text()
    for old, new in (("ops.flush(", "ops.flosh("), ("src/core/domain.c", "src/core/nosuch.c"),
                     ("src/core/domain.c", "include/mirq/io.h"), ("@@", "##")):
        patch = mutants.scratch / "broken.patch"
        patch.write_text(text.replace(old, new))
        try:
            mutant.build_mutant(patch, mutants.build, mutants.program, mutants.scratch / "broken")
        except mutant.Broken:
            continue
        raise AssertionError(f"a patch with {new} was taken")


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        main([story__without_mutant__passes, story__each_mutant__fails_whatever_the_seed,
              story__mutant__valid_json_that_says_so, scenario__mutant__story_and_schedule,
              patch__that_does_not_fit__refused], Mutants(sys.argv[1], sys.argv[2], folder))
