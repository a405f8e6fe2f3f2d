# SPDX-License-Identifier: MIT
"""Rule 4: the words of a message go from mirq through a store's ops into a slot, unread and unchanged."""
from lint import reach
from lint import unit as c

MESSAGE = "mirq_msg"
COPIES = ("memcpy", "memmove")
CONDITIONS = ("IF_STMT", "WHILE_STMT", "SWITCH_STMT", "CONDITIONAL_OPERATOR")
SETS = ("mirq_cpus", "mirq_target")
LEAVE = "mirq composes messages and moves them"


def is_word(node):
    return node.kind.name == "MEMBER_REF_EXPR" and c.owner_of(node.referenced) == MESSAGE


def is_message(type_):
    return c.record_of(type_) == MESSAGE


def keeps(field, value):
    """Is this the same word of another message, or 0: a copy that is kept, not a new message?"""
    value = c.strip(value)
    return is_word(value) and value.spelling == field or c.evaluate(value) == 0


def is_changed(unit, node, above):
    """Does the expression around a message's word (or a whole message) change it?"""
    inner = node
    for outer in reversed(above):
        if outer.kind.name in ("PAREN_EXPR", "UNEXPOSED_EXPR"):
            inner = outer
            continue
        sides = unit.assignment(outer)
        if sides:
            return sides[0] == inner and not (is_word(node) and keeps(node.spelling, sides[1]))
        if outer.kind.name == "COMPOUND_ASSIGNMENT_OPERATOR":
            return c.children(outer)[0] == inner
        if outer.kind.name == "UNARY_OPERATOR":
            return any(token.spelling in ("++", "--", "&") for token in outer.get_tokens())
        return False
    return False


def is_compared(node, above):
    """Is the word compared with the same word of another message: has it changed?"""
    for outer in reversed(above):
        if outer.kind.name == "BINARY_OPERATOR":
            sides = [c.strip(side) for side in c.children(outer)]
            operator = {token.spelling for token in outer.get_tokens()} & {"==", "!="}
            return bool(operator) and all(is_word(side) and side.spelling == node.spelling
                                          for side in sides)
        if outer.kind.name not in ("PAREN_EXPR", "UNEXPOSED_EXPR"):
            return False
    return False


def is_decided_on(node, above):
    """Does the node stand in the condition of a statement?"""
    if is_compared(node, above):
        return False
    way = (*above, node)
    return any(outer.kind.name in CONDITIONS and c.children(outer)[0] == inner
               for outer, inner in zip(way, way[1:]))


def check_word(unit, part, inside, node, above):
    function = unit.function_above(above)
    if part != "store":
        unit.say(node, 4, f"a driver touches .{node.spelling} of a message: {LEAVE}; the store's write "
                 "op is the one place that handles it")
    elif is_changed(unit, node, above):
        unit.say(node, 4, f".{node.spelling} of a message is changed: a store writes what it is told; "
                 "re-encode into registers of its own where the data sheet says so")
    elif function is not None and function not in inside:
        unit.say(node, 4, f"{function}() touches .{node.spelling} of a message and no op of the store "
                 f"calls it: {LEAVE}")
    elif is_decided_on(node, above):
        unit.say(node, 4, f"a decision on .{node.spelling} of a message: where it goes is never a "
                 "store's business; write it as it is")


def check_composed(unit, node):
    """An initialiser that makes a message of something else than one."""
    for name, (value, where) in unit.fields_set(node).items():
        if not keeps(name, value):
            unit.say(where, 4, f"a message is composed here (.{name}): {LEAVE}; the write op gets it")
            return


def is_memory(type_):
    """Does a parameter take memory to free or to fill: a pointer to void, not to const void?"""
    inner = type_.get_canonical().get_pointee()
    return inner.kind.name == "VOID" and not inner.is_const_qualified()


def is_own_command(unit, called):
    """Is this a function of the description in the store's own header: how its device is told?"""
    return called.kind.name == "MEMBER_REF_EXPR" and \
        c.owner_of(called.referenced) != "mirq_store_ops" and \
        unit.place_of(called.referenced).name == f"{unit.path.stem}.h"


def check_passed(unit, part, node):
    """A message that goes where neither mirq nor this source looks after it."""
    name, declared = c.callee(node)
    handed_as = [argument.type for argument in c.arguments(node)
                 if is_message(c.strip(argument).type)]
    if not handed_as:
        return
    if not name:
        called = c.strip(c.children(node)[0])
        if part == "store" and is_own_command(unit, called):
            return
        text = "only the core calls a store's write op: it knows when the slot is masked" \
            if c.owner_of(called.referenced) == "mirq_store_ops" else \
            f"a message goes through a pointer to a function: {LEAVE}"
        unit.say(node, 4, text)
    elif name not in unit.functions and not unit.header_of(declared) and \
            not (part == "store" and (name in COPIES or all(map(is_memory, handed_as)))):
        unit.say(node, 4, f"a message is passed to {name}(): it goes into its slot, by the store's ops, "
                 "and nowhere else")


def check_affinity(unit, node, known):
    """A store that asks for CPUs."""
    if node.kind.name == "CALL_EXPR":
        name, _ = c.callee(node)
        if name and name not in unit.functions and known.kind(name, ("cpu",)):
            unit.say(node, 4, f"{name}() in a store: which CPU is never a store's business; the core "
                     "chooses and moves")
    elif node.kind.name in ("VAR_DECL", "PARM_DECL", "FIELD_DECL") and unit.in_main(node) and \
            c.record_of(node.type) in SETS:
        unit.say(node, 4, f"a store holds a struct {c.record_of(node.type)}: which CPU is never a "
                 "store's business; the core chooses and moves")


def check(unit, part, known):
    inside = reach.reached_from_ops(unit)
    for node, above in unit.nodes:
        if is_word(node):
            check_word(unit, part, inside, node, above)
        elif node.kind.name == "INIT_LIST_EXPR" and is_message(node.type):
            check_composed(unit, node)
        elif node.kind.name == "CALL_EXPR":
            check_passed(unit, part, node)
        if part == "store":
            check_affinity(unit, node, known)
