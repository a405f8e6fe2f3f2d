#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Tests scripts/witness: good traces of real runs pass, doctored ones fail for the right reason.

usage: tests/witness/test_witness.py [-v]

The folder has NAME.trace and NAME.console of runs of the reference kernel: NAMEs that begin with
'remapped' ran behind VT-d, those with 'direct' without. Each doctor below spoils a copy and says which
sentence the witness has to find; one recording at least must have what it spoils. Last line:
'N passed, N failed'.
"""
import argparse
import contextlib
import importlib.util
import io
import re
import subprocess
import sys
import tempfile
from importlib.machinery import SourceFileLoader
from pathlib import Path
from unittest import mock

HERE = Path(__file__).resolve().parent
WITNESS = HERE.parent.parent / "scripts/witness"
DOCTORS = []


def doctor(sentence, *, on=("remapped", "direct")):
    """A function of a Run that spoils it; the witness must fail with the sentence."""
    def register(spoil):
        DOCTORS.append((spoil, sentence, (on,) if isinstance(on, str) else on))
        return spoil
    return register


class Run:
    """A trace and its console, as lists of lines, with a few ways to find and change lines."""

    def __init__(self, name):
        self.trace = (HERE / f"{name}.trace").read_text().splitlines()
        self.console = (HERE / f"{name}.console").read_text().splitlines()
        self.tail = "\n"

    def find(self, start, after=0, nth=0):
        """Number of the nth line of the trace from @after on that begins so; raises if none does."""
        return [i for i in range(after, len(self.trace)) if self.trace[i].startswith(start)][nth]

    def enabled(self):
        return self.find("vtd_ir_enable enable 1")

    def message(self, nth=0):
        """(first, limit) of the lines of the nth remapped message of a slot that never merges."""
        found = [at - 1 for at in range(self.enabled(), len(self.trace) - 1)
                 if self.trace[at + 1].startswith("vtd_ir_remap ") and (match := re.match(r"vtd_ir_irte_get index (\d+) ", self.trace[at]))
                 and not self.has("merge=may", match[1])]
        return found[nth], self.find("apic_deliver_irq", found[nth]) + 1

    def changes(self):
        """[(last fetch of the old content, first of the new one)] of entries that slots changed."""
        seen, found = {}, []
        for number, line in enumerate(self.trace):
            if match := re.match(r"vtd_ir_irte_get index (\d+) (.*)", line):
                if match[1] in seen and seen[match[1]][1] != match[2]:
                    found.append((match[1], seen[match[1]][0], number))
                seen[match[1]] = number, match[2]
        return [(old, new) for index, old, new in found if not self.has("load=yes", index)]

    def has(self, text, index):
        """Does a slot of the entry have this in its line of counters?"""
        names = {re.search(r"device=\S+ slot=\S+", line)[0] + " " for line in self.console
                 if re.search(rf"^witness: slot .* index={index} ", line)}
        return any(line.startswith("witness: handled") and text in line and any(name in line for name in names)
                   for line in self.console)

    def console_edit(self, pattern, replacement, count=1):
        """Change the first lines of the console that match; raises if there are too few."""
        for number, line in enumerate(self.console):
            if count and re.search(pattern, line):
                self.console[number] = re.sub(pattern, replacement, line)
                count -= 1
        if count:
            raise LookupError(pattern)

    def count(self, key, change):
        """The counters of the kernel say so many more."""
        self.console_edit(rf"^(witness: counters .*\b{key}=)(\d+)", lambda m: f"{m[1]}{int(m[2]) + change}")

    def write(self, folder):
        """Arguments for the witness."""
        for name, lines, tail in (("trace", self.trace, self.tail), ("console", self.console, "\n")):
            (folder / name).write_text("".join(f"{line}\n" for line in lines)[:-1] + tail if lines else "")
        return ["--console", str(folder / "console"), str(folder / "trace")]


def load_witness():
    """The script as a module: starting Python for each test takes longer than the test."""
    sys.dont_write_bytecode = True
    loader = SourceFileLoader("witness", str(WITNESS))
    module = importlib.util.module_from_spec(importlib.util.spec_from_loader("witness", loader))
    sys.modules["witness"] = module
    loader.exec_module(module)
    return module


def judge(witness, argv):
    """(exit status, output) of the witness; None for it: started as users do."""
    if not witness:
        done = subprocess.run([WITNESS, *argv], check=False, text=True, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT)
        return done.returncode, done.stdout
    with contextlib.redirect_stdout(io.StringIO()) as output, \
            mock.patch.object(sys, "argv", [str(WITNESS), *argv]):
        return witness.main(), output.getvalue()


# --- the input ---

@doctor("is empty")
def empty_trace(run):
    run.trace = []


@doctor("the trace shows no message")
def no_messages(run):
    run.trace = [line for line in run.trace if line.startswith(("vtd_inv", "vtd_ir_enable", "vtd_reg"))] \
        or run.trace[:run.find("apic_deliver_irq") + 1]


@doctor("is an unknown event")
def unknown_event(run):
    run.trace.insert(len(run.trace) // 2, "vtd_inv_desc_cc_global context invalidate globally")


@doctor("is an unknown event")
def text_of_somebody_else(run):
    run.trace.insert(5, "Invalid write at addr 0x0, size 4")


@doctor("is not whole")
def line_cut_in_the_middle(run):
    at = run.find("apic_deliver_irq", len(run.trace) // 2)
    run.trace[at] = run.trace[at][:30]


@doctor("is an unknown event")
def line_cut_at_its_beginning(run):
    at = len(run.trace) // 2
    run.trace[at] = run.trace[at][9:]


@doctor("ends in the middle of a line")
def end_cut(run):
    run.tail = ""


@doctor("is not whole")
def two_lines_in_one(run):
    at = run.find("apic_deliver_irq", len(run.trace) // 2)
    run.trace[at] += run.trace.pop(at + 1) if at + 1 < len(run.trace) else run.trace[at]


@doctor("lacks 'witness: begin' or 'witness: end'")
def kernel_says_nothing(run):
    run.console = [line for line in run.console if not line.startswith("witness")]


@doctor("lacks 'witness: begin' or 'witness: end'")
def kernel_does_not_end(run):
    run.console = [line for line in run.console if line != "witness: end"]


@doctor("is not one of docs/witness.md")
def kernel_says_something_new(run):
    run.console_edit(r"^witness: handled", "witness: dropped")


@doctor("is not one of docs/witness.md")
def kernel_line_cut(run):
    run.console_edit(r"^(witness: slot .*) apic=\d+", r"\1")


# --- messages ---

@doctor("messages in compatibility format, expected", on="remapped")
def compatibility_format(run):
    limit = run.message()[1]
    run.trace[limit:limit] = [
        "vtd_ir_remap_msi_req addr 0xfee01000 data 0x4031",
        "vtd_ir_remap_msi (addr 0xfee01000, data 0x4031) -> (addr 0xfee01000, data 0x4031)",
        "apic_deliver_irq dest 1 dest_mode 0 delivery_mode 0 vector 49 trigger_mode 0"]


@doctor("messages beside the remapper, expected", on="remapped")
def beside_the_remapper(run):
    run.trace.insert(run.message()[1], "apic_deliver_irq dest 1 dest_mode 0 delivery_mode 0 vector 49 "
                     "trigger_mode 0")


@doctor("messages blocked, expected", on="remapped")
def blocked(run):
    first, limit = run.message(3)
    del run.trace[run.find("vtd_ir_remap ", first):limit]


@doctor("a message while remapping was off", on="remapped")
def before_remapping(run):
    run.trace[run.enabled():run.enabled()] = [
        "vtd_ir_remap_msi_req addr 0xfee01000 data 0x4031",
        "vtd_ir_remap_msi (addr 0xfee01000, data 0x4031) -> (addr 0xfee01000, data 0x4031)",
        "apic_deliver_irq dest 1 dest_mode 0 delivery_mode 0 vector 49 trigger_mode 0"]


@doctor("remapping was never switched on", on="remapped")
def never_on(run):
    run.trace = [line for line in run.trace if not line.startswith("vtd_ir_enable")]


@doctor("remapping went on after", on="remapped")
def on_before_invalidated(run):
    line = run.trace.pop(run.enabled())
    run.trace.insert(run.find("vtd_inv_desc_iec"), line)


@doctor("faults recorded, expected", on="remapped")
def fault(run):
    run.trace.insert(run.message()[1], "vtd_frr_new index 0 high 0x4000000100000008 low 0x1234000")


@doctor("without a request before it", on="remapped")
def remapped_without_request(run):
    del run.trace[run.message(2)[0]]


@doctor("was not delivered there", on="remapped")
def delivery_dropped(run):
    del run.trace[run.message(2)[1] - 1]


@doctor("the remapped message has no end", on="remapped")
def translation_dropped(run):
    del run.trace[run.message(2)[1] - 2]


@doctor("was not delivered there", on="remapped")
def delivered_to_another_cpu(run):
    at = run.message(2)[1] - 1
    run.trace[at] = re.sub(r"dest (\d+)", lambda m: f"dest {int(m[1]) ^ 1}", run.trace[at], count=1)


@doctor("the unit objects", on="remapped")
def bad_tail(run):
    run.trace.insert(run.message()[1], "vtd_warn_invalid_qi_tail tail 0x1001")


@doctor("the remapped message has no end", on="remapped")
def lines_swapped(run):
    first, limit = run.message(2)
    run.trace[limit - 1], run.trace[limit - 2] = run.trace[limit - 2], run.trace[limit - 1]


@doctor("remapped otherwise than the entry says", on="remapped")
def remapped_otherwise(run):
    at = run.find("vtd_ir_remap ", run.message(2)[0])
    run.trace[at] = re.sub(r"vector (\d+)", lambda m: f"vector {int(m[1]) + 1}", run.trace[at])


@doctor("the message names entry", on="remapped")
def handle_of_another_entry(run):
    first, limit = run.message(2)
    for at in (first, limit - 2):
        run.trace[at] = re.sub(r"addr 0x(\w+)", lambda m: f"addr {int(m[1], 16) + 0x20:#x}",
                               run.trace[at], count=1)


@doctor("delivered", on="remapped")
def delivery_dropped_whole(run):
    first, limit = run.message(2)
    del run.trace[first:limit]


@doctor("delivered", on="remapped")
def message_twice(run):
    first, limit = run.message(2)
    run.trace[limit:limit] = run.trace[first:limit]


@doctor("delivered,", on="direct")
def direct_delivery_dropped(run):
    route = slot_route(run)
    run.trace = [line for line in run.trace if not line.startswith(route)]


@doctor("delivered,", on="direct")
def direct_delivery_twice(run):
    route = slot_route(run)
    run.trace += [line for line in run.trace if line.startswith(route)][:1]


@doctor("which no slot owns", on="direct")
def direct_to_nobody(run):
    run.trace.append("apic_deliver_irq dest 1 dest_mode 0 delivery_mode 0 vector 239 trigger_mode 0")


@doctor("which no slot owns", on="direct")
def vector_zero_after_boot(run):
    run.trace.append("apic_deliver_irq dest 0 dest_mode 0 delivery_mode 0 vector 0 trigger_mode 0")


@doctor("the kernel says that no remapper is used", on="direct")
def remapper_unsaid(run):
    run.trace.append("vtd_ir_enable enable 1")


def slot_route(run):
    """How the deliveries to the last slot that was called and never merges begin."""
    names = [re.search(r"device=\S+ slot=\d+ ", line)[0] for line in run.console
             if re.match(r"witness: handled .* handled=[1-9]", line) and "merge=may" not in line]
    line = [line for line in run.console if line.startswith("witness: slot ") and names[-1] in line][-1]
    vector, apic = (re.search(rf"{key}=(\d+)", line)[1] for key in ("vector", "apic"))
    return f"apic_deliver_irq dest {apic} dest_mode 0 delivery_mode 0 vector {vector} "


# --- source ids and routes ---

def edit_entry(run, change):
    """Change the upper half of every content of the entry that the third message used."""
    index = re.match(r"vtd_ir_irte_get (index \d+ )", run.trace[run.message(2)[0] + 1])[1]
    for at, line in enumerate(run.trace):
        if line.startswith(f"vtd_ir_irte_get {index}"):
            run.trace[at] = re.sub(r"low 0x(\w+)", lambda m: f"low {change(int(m[1], 16)):#x}", line)


@doctor("does not check the source", on="remapped")
def source_unchecked(run):
    edit_entry(run, lambda high: high & ~(3 << 18))


@doctor("which is not the requester of", on="remapped")
def source_of_another(run):
    edit_entry(run, lambda high: high ^ 8)


@doctor("which is not the requester of", on="remapped")
def source_with_its_neighbours(run):
    edit_entry(run, lambda high: high | 3 << 16)


@doctor("which is not the requester of", on="remapped")
def slot_of_another_device(run):
    run.console = [re.sub(r"^(witness: slot .*sid=)0x\w+", r"\g<1>0x00f8", line) for line in run.console]


@doctor("no route of its slots", on="remapped")
def slot_on_another_cpu(run):
    index = re.search(r"index (\d+)", run.trace[run.message(2)[0] + 1])[1]
    for at, line in enumerate(run.console):
        if re.search(rf"^witness: slot .* index={index} ", line):
            run.console[at] = re.sub(r"vector=(\d+)", "vector=238", line)


@doctor("which no slot owns", on="remapped")
def slot_unsaid(run):
    index = re.search(r"index (\d+)", run.trace[run.message(2)[0] + 1])[1]
    run.console = [re.sub(rf"^(witness: slot .* index=){index} ", r"\g<1>65535 ", line)
                   for line in run.console]


# --- invalidations ---

def flushes_of_change(run):
    """[(line of an invalidation, of its wait)] of all that stand between two contents of an entry."""
    old, new = run.changes()[0]
    found = [(i, run.find("vtd_inv_desc_wait_sw", i)) for i in range(old, new)
             if run.trace[i].startswith("vtd_inv_desc_iec")]
    return found[::-1]  # the last first: deleting it moves no other


UNINVALIDATED = "but it was not invalidated and waited for since"
UNWAITED = "before anybody waits"


@doctor(UNINVALIDATED, on="remapped")
def invalidation_forgotten(run):
    for iec, _ in flushes_of_change(run):
        del run.trace[iec]
        run.count("iec", -1)


@doctor("but invalidated", on="remapped")
def one_of_two_invalidations_forgotten(run):
    iec, wait = flushes_of_change(run)[0]
    del run.trace[wait], run.trace[iec]
    run.count("iec", -1)
    run.count("waits", -1)


@doctor("mirq counted", on="remapped")
def invalidation_dropped(run):
    del run.trace[flushes_of_change(run)[0][0]]


@doctor(UNINVALIDATED, on="remapped")
def invalidation_and_wait_forgotten(run):
    for iec, wait in flushes_of_change(run):
        del run.trace[wait], run.trace[iec]
        run.count("iec", -1)
        run.count("waits", -1)


@doctor(UNWAITED, on="remapped")
def wait_forgotten(run):
    del run.trace[flushes_of_change(run)[0][1]]
    run.count("waits", -1)


@doctor("mirq counted", on="remapped")
def wait_dropped(run):
    del run.trace[flushes_of_change(run)[0][1]]


@doctor(UNWAITED, on="remapped")
def wait_too_late(run):
    wait, new = flushes_of_change(run)[0][1], run.changes()[0][1]
    run.trace.insert(run.find("apic_deliver_irq", new) + 1, run.trace[wait])
    del run.trace[wait]


@doctor(UNINVALIDATED, on="remapped")
def invalidations_after_the_use(run):
    new = run.changes()[0][1]
    at = run.find("apic_deliver_irq", new) + 1
    lines = [run.trace[line] for pair in flushes_of_change(run) for line in pair]
    run.trace[at:at] = lines
    for iec, wait in flushes_of_change(run):
        del run.trace[wait], run.trace[iec]


@doctor(UNINVALIDATED, on="remapped")
def invalidations_before_the_last_use(run):
    old = run.changes()[0][0]
    lines = [run.trace[line] for pair in flushes_of_change(run) for line in pair]
    for iec, wait in flushes_of_change(run):
        del run.trace[wait], run.trace[iec]
    run.trace[old - 1:old - 1] = lines


@doctor(UNINVALIDATED, on="remapped")
def another_entry_invalidated(run):
    for iec, _ in flushes_of_change(run):
        run.trace[iec] = re.sub(r"index 0x(\w+)", lambda m: f"index {int(m[1], 16) + 64:#x}", run.trace[iec])


@doctor(UNINVALIDATED, on="remapped")
def invalidation_at_bring_up_forgotten(run):
    first = run.message()[0]
    run.trace[run.enabled() + 1:first] = [line for line in run.trace[run.enabled() + 1:first]
                                          if not line.startswith("vtd_inv_desc")]


@doctor("an invalidation that nobody waits for", on="remapped")
def last_wait_forgotten(run):
    del run.trace[run.find("vtd_inv_desc_wait_sw", nth=-1)]
    run.count("waits", -1)


@doctor("mirq counted", on="remapped")
def invalidation_twice(run):
    iec = flushes_of_change(run)[0][0]
    run.trace.insert(iec, run.trace[iec])


@doctor("the kernel's jobs take", on="remapped")
def more_waits_than_allowed(run):
    wait = run.find("vtd_inv_desc_wait_sw")
    run.trace[wait + 1:wait + 1] = [run.trace[wait]] * 1000
    run.count("waits", 1000)


@doctor("but invalidated", on="remapped")
def invalidation_at_the_end_forgotten(run):
    del run.trace[run.find("vtd_inv_desc_iec granularity 0x1", nth=-1)]
    run.count("iec", -1)


@doctor("freed, but not in use")
def freed_what_is_not_there(run):
    run.console_edit(r"^witness: slot (device=\S+ slot=\S+) .*", r"witness: free \1")


@doctor("prints no counters", on="remapped")
def no_counters(run):
    run.console = [line for line in run.console if not line.startswith("witness: counters")]


# --- slots ---

@doctor("delivered, ")
def handled_more(run):
    run.console_edit(r"^(witness: handled .*handled=)(\d+)", lambda m: f"{m[1]}{int(m[2]) + 1000000}")


@doctor("handled")
def handled_less_than_delivered(run):
    run.console_edit(r"^(witness: handled (?!.*merge=).*handled=)(\d+)", lambda m: f"{m[1]}{int(m[2]) - 1}")


@doctor("the driver raised")
def raised_more(run):
    run.console_edit(r"^(witness: handled (?!.*merge=).*raised=)(\d+)", lambda m: f"{m[1]}{int(m[2]) + 1}")


@doctor("not both a 'slot' and a 'handled' line")
def slot_without_count(run):
    at = next(i for i, line in enumerate(run.console) if line.startswith("witness: handled"))
    del run.console[at]


@doctor("NVMe raised")
def nvme_raised_another_vector(run):
    at = run.find("pci_nvme_irq_msix", nth=-1)
    run.trace[at] = re.sub(r"vector (\d+)", lambda m: f"vector {int(m[1]) ^ 1}", run.trace[at])


@doctor("which no slot has")
def nvme_raised_a_vector_too_high(run):
    at = run.find("pci_nvme_irq_msix", nth=-1)
    run.trace.insert(at, "pci_nvme_irq_msix raising MSI-X IRQ vector 2047")


def check(witness, name, spoil, sentence):
    """(label, None or what is wrong); no label: not for this recording."""
    run = Run(name)
    label = f"{name}: {spoil.__name__ if spoil else 'as recorded'}"
    try:
        if spoil:
            spoil(run)
    except LookupError:  # this recording has nothing to spoil so
        return None, None
    with tempfile.TemporaryDirectory() as folder:
        status, output = judge(witness if spoil else None, run.write(Path(folder)))
    failures = [line for line in output.splitlines() if line.startswith("witness: FAIL ")]
    if not spoil:
        return label, output if status or failures or "witness: PASS" not in output else None
    if status != 1 or not any(sentence in line for line in failures):
        return label, f"wanted status 1 and {sentence!r}, got status {status}:\n{output}"
    return label, None


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("-v", action="store_true", help="name every test")
    arguments = parser.parse_args()
    names = sorted(path.stem for path in HERE.glob("*.trace"))
    work = [(name, None, None) for name in names]
    work += [(name, spoil, sentence) for spoil, sentence, kinds in DOCTORS for name in names
             if name.startswith(tuple(kinds))]
    witness = load_witness()
    results = [check(witness, *job) for job in work]
    used = {job[1] for job, (label, _) in zip(work, results) if label}
    results = [result for result in results if result[0]]
    results += [(spoil.__name__, "no recording has what this spoils") for spoil, _, _ in DOCTORS
                if spoil not in used]
    for label, wrong in results:
        if wrong or arguments.v:
            print(f"{'FAILED' if wrong else 'ok'} {label}" + (f": {wrong}" if wrong else ""))
    nr_failed = sum(wrong is not None for _, wrong in results)
    print(f"{len(results) - nr_failed} passed, {nr_failed} failed")
    return 1 if nr_failed else 0


sys.exit(main())
