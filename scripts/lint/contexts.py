# SPDX-License-Identifier: MIT
"""Rule 3: nothing that waits below an atomic op or a handler; no lock in a store."""
from lint import reach
from lint import unit as c

WAITS = ("sleeps", "mutex")
LOCKS = ("mutex", "spin")
HANDLER = "a handler"


def roots(unit):
    """[(what mirq calls it, function)] of everything that may not wait."""
    letters = reach.op_letters(unit)
    found = [(f"op {op}", function) for op, function in reach.ops(unit)
             if letters.get(op) in ("A", "D")]
    return found + [(HANDLER, function) for function in reach.handlers(unit)]


def reason(unit, name, declared, known, threads):
    """Why a call may wait; None: it does not, or nobody knows."""
    if declared is not None and unit.header_of(declared) and name in threads:
        return f"{name}() is for threads (its context: {threads[name]})"
    kind = known.kind(name, WAITS) if name not in unit.functions else None
    return {"mutex": f"{name}() takes a lock that may sleep", "sleeps": f"{name}() may wait"}.get(kind)


def check_waits(unit, known, threads):
    for role, start in roots(unit):
        advice = "do it in a thread" if role == HANDLER else \
            "do it in an op of thread context: setup, slot_init, begin, commit"
        for name, way in reach.reached(unit, start).items():
            for called, declared, call in unit.calls[name]:
                found = reason(unit, called, declared, known, threads)
                if found:
                    unit.say(call, 3, f"{found}, and {role} runs with interrupts off "
                             f"({' -> '.join([*way, called])}): {advice}")


def check_locks(unit, known):
    """A store takes no lock: the core does."""
    advice = "the core holds the store's leaf lock where .traits says MIRQ_STORE_SHARED_REGS"
    for calls in unit.calls.values():
        for name, _, call in calls:
            if name not in unit.functions and known.kind(name, LOCKS):
                unit.say(call, 3, f"{name}() in a store, which takes no lock: {advice}")
    for node, _ in unit.nodes:
        if node.kind.name in ("VAR_DECL", "FIELD_DECL") and unit.in_main(node):
            names = (type_name(node.type), type_name(node.type.get_canonical()))
            if any(known.kind(name, ("locktype",)) for name in names):
                unit.say(node, 3, f"a store has no lock ({names[0]}): {advice}")


def type_name(type_):
    """'struct mutex' for 'const struct mutex *[4]'."""
    while type_.kind.name in ("POINTER", "CONSTANTARRAY"):
        type_ = type_.get_pointee() if type_.kind.name == "POINTER" else type_.element_type
    words = type_.spelling.split()
    return " ".join(word for word in words if word not in ("const", "volatile", "static"))


def check(unit, part, known, threads):
    if part == "store":
        check_locks(unit, known)  # first: it says more than "may wait" of the same line
    check_waits(unit, known, threads)
