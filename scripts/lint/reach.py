# SPDX-License-Identifier: MIT
"""Which functions mirq calls in which context, what they reach, and what kind of part a source is."""
import re
from fnmatch import fnmatchcase
from pathlib import Path

from cdocs import public_functions
from lint import unit as c

TABLES = {"store": ("mirq_store_ops", "mirq_store_template"),
          "chip": ("mirq_remapper_ops", "mirq_root_ops")}
# Descriptions for a ready-made kind of store: their functions are reached from its ops.
DESCRIPTIONS = ("mirq_ims_array", "mirq_ims_firmware", "mirq_ims_queue", "mirq_ims_registers")
DESCRIPTION_LETTERS = {"command": "T", "tell": "T", "stop": "T", "drain": "A"}
# Words that may stand first after "Context:" of what an atomic callback may call.
ATOMIC = re.compile(r"\s*(any|atomic|dispatch)\b")
LETTER = re.compile(r"/\*\s*([TAD])\b")
HANDLER = "enum mirq_handled (void *)"


class Calls:
    """Known functions of others by kind, from files of 'KIND PATTERN' lines."""

    KINDS = ("sleeps", "mutex", "spin", "locktype", "cpu")

    def __init__(self, paths):
        self.patterns = {kind: [] for kind in self.KINDS}
        for path in paths:
            for number, line in enumerate(Path(path).read_text().splitlines(), 1):
                kind, _, pattern = line.split("#")[0].strip().partition(" ")
                if not kind:
                    continue
                if kind not in self.patterns or not pattern.strip():
                    raise c.Unreadable(f"{path}:{number}: wants KIND PATTERN, KIND one of "
                                       f"{', '.join(self.KINDS)}")
                self.patterns[kind].append(pattern.strip())

    def kind(self, name, among):
        """The first of these kinds that the name is of, or None."""
        return next((kind for kind in among
                     if any(fnmatchcase(name, pattern) for pattern in self.patterns[kind])), None)


def thread_calls(folder):
    """{function: its context} of mirq's functions that no atomic callback may call."""
    found = {}
    for header in sorted(folder.glob("*.h")):
        for function in public_functions(header):
            context = function.sections().get("context", "").partition(":")[2].strip()
            if context and not ATOMIC.match(context):
                found[function.name] = " ".join(context.split()).rstrip(".")
    return found


def op_letters(unit):
    """{op: 'T', 'A' or 'D'} as the comments of struct mirq_store_ops say; a pair has one comment."""
    letters, letter = dict(DESCRIPTION_LETTERS), None
    for cursor in unit.tu.cursor.get_children():
        if cursor.spelling != "mirq_store_ops" or not cursor.is_definition():
            continue
        for field in cursor.get_children():
            match = LETTER.match(field.raw_comment or "")
            letter = match.group(1) if match else letter
            if letter and c.is_pointer(field.type):
                letters[field.spelling] = letter
    return letters


def part(unit):
    """'store', 'chip' (a remapper or root), 'port' or 'driver': what the source defines and calls."""
    for kind, names in TABLES.items():
        for node, _ in unit.nodes:
            if node.kind.name == "VAR_DECL" and unit.in_main(node) and \
                    node.storage_class.name != "EXTERN" and \
                    node.type.kind.name != "POINTER" and c.record_of(node.type) in names:
                return kind
    if ops(unit):
        return "store"  # its table is made at run time, or a ready-made kind makes it
    if any(name.startswith("mirq_host_") for name in unit.functions):
        return "port"
    for calls in unit.calls.values():
        if any(declared is not None and unit.header_of(declared) == "mirq.h"
               for _, declared, _ in calls):
            return "port"
    return "driver"


def ops(unit):
    """[(op, function)] of everything that is put into an op of a store, or a description of one."""
    found, records = [], ("mirq_store_ops", *DESCRIPTIONS)
    for node, _ in unit.nodes:
        if node.kind.name == "INIT_LIST_EXPR" and c.record_of(node.type) in records:
            for name, (value, _) in unit.fields_set(node).items():
                found += [(name, function) for function in c.functions_in(value)]
        sides = unit.assignment(node)
        if sides and sides[0].kind.name == "MEMBER_REF_EXPR" and \
                c.owner_of(sides[0].referenced) in records:
            found += [(sides[0].spelling, function) for function in c.functions_in(sides[1])]
    return found


def handlers(unit):
    """Functions of the type of a handler."""
    return [name for name, cursor in unit.functions.items()
            if cursor.type.get_canonical().spelling == HANDLER]


def reached(unit, start):
    """{function defined here: the way to it, as a list of names} from one function on."""
    ways, queue = {start: [start]}, [start]
    while queue:
        name = queue.pop(0)
        for called, _, _ in unit.calls.get(name, ()):
            if called in unit.functions and called not in ways:
                ways[called] = [*ways[name], called]
                queue.append(called)
    return {name: way for name, way in ways.items() if name in unit.functions}


def reached_from_ops(unit):
    return {name for _, function in ops(unit) for name in reached(unit, function)}
