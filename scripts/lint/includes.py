# SPDX-License-Identifier: MIT
"""Rule 2: what a part may include and see: no parent, no hierarchy, nothing private."""
import re

from lint import unit as c

INCLUDE = re.compile(r"^#include <mirq/([\w.]+)>", re.MULTILINE)
BASIC = ("types.h", "compiler.h")
STORE_SEES = ("store.h", "io.h")
# Ready-made kinds, for a store that describes itself to one.
KINDS = ("ims_array.h", "ims_firmware.h", "ims_queue.h", "ims_registers.h")
# What is opaque, and what a store never sees.
OPAQUE = ("mirq", "mirq_device", "mirq_store", "mirq_domain")
HIERARCHY = (*OPAQUE, "mirq_irqs")
COPIES = ("memcpy", "memmove", "memset", "memcmp")


def store_headers(folder):
    """Names of the headers of mirq's ready-made and vetted stores: a store's words, no hierarchy."""
    sees = {path.name: set(INCLUDE.findall(path.read_text())) for path in folder.glob("*.h")}
    known = {*STORE_SEES, *BASIC}
    while True:
        more = {name for name, seen in sees.items()
                if name not in known and seen <= known and seen - set(BASIC)}
        if not more:
            return known - set(BASIC)
        known |= more


def why_not(unit, part, path, visible):
    """What to say of a source that includes this file; None: it may."""
    if unit.is_private(path):
        if unit.is_private(unit.real(str(unit.path))) and unit.is_own_file(path):
            return None
        return f"{path.name} is private to mirq: include mirq's public headers only"
    if not unit.is_public(path) or part in ("port", "chip"):
        return None
    if part == "store":
        if path.name in (*STORE_SEES, *KINDS) or path.stem == unit.path.stem:
            return None
        return (f"a store includes mirq/store.h, mirq/io.h and its own header, not mirq/{path.name}: "
                "put what needs it into the driver's own source")
    if path.name in visible:
        return None
    return (f"a driver includes mirq/mirq.h and what that includes, not mirq/{path.name}, which is for "
            "buses, ports and chips: leave parents and the hierarchy to them")


def directives(unit):
    """(place, file) of each include of an own file, and of what others bring in through it."""
    for cursor in unit.tops:
        if cursor.kind.name == "INCLUSION_DIRECTIVE" and not unit.is_public(unit.place_of(cursor)):
            name = unit.included(cursor)
            if name:
                yield cursor.location, unit.real(name)
    leads = {}  # a file -> the line of an own file that brings it in
    for inclusion in unit.inclusions:
        source, path = unit.real(inclusion.location.file.name), unit.real(inclusion.include.name)
        own = unit.is_own_file(source)
        place = inclusion.location if own else leads.get(source)
        leads.setdefault(path, place)
        if place is not None and not own and not unit.is_public(source):
            yield place, path


def check_includes(unit, part, visible):
    for place, path in directives(unit):
        text = why_not(unit, part, path, visible)
        if text:
            unit.say_at(place.file.name, place.line, place.column, 2, text)


def pointed_record(type_):
    return c.record_of(type_) if c.is_pointer(type_) else ""


def is_void_pointer(type_):
    type_ = type_.get_canonical()
    return type_.kind.name == "POINTER" and type_.get_pointee().get_canonical().kind.name == "VOID"


def check_cast(unit, node):
    """A pointer to something opaque that becomes something else, or the other way round."""
    inner = [child for child in node.get_children() if child.kind.is_expression()]
    if not inner or is_void_pointer(node.type) or node.type.get_canonical().kind.name == "VOID":
        return
    source = c.strip(inner[-1])
    before, after = pointed_record(source.type), pointed_record(node.type)
    if before == after or is_void_pointer(source.type) or c.evaluate(source) == 0:
        return
    for name in (before, after):
        if name in HIERARCHY:
            unit.say(node, 2, f"struct {name} is cast: it is opaque, and its layout changes without "
                     "notice; use the functions of mirq/mirq.h")
            return


def check_copy(unit, node):
    name, _ = c.callee(node)
    if name not in COPIES:
        return
    for argument in c.arguments(node)[:2]:
        record = pointed_record(c.strip(argument).type)
        if record in OPAQUE:
            unit.say(node, 2, f"{name}() over a struct {record}: it is opaque; use the functions of "
                     "mirq/mirq.h")


def check_declaration(unit, node):
    """mirq's private names, and its structs and functions declared anew."""
    name = node.spelling.rpartition(" ")[2]  # a reference to a type says "struct" first
    inside = unit.is_private(unit.real(str(unit.path)))
    if node.kind.name == "STRUCT_DECL" and name in OPAQUE and node.is_definition():
        unit.say(node, 2, f"struct {name} is defined anew: it is opaque; use the functions of mirq/mirq.h")
    elif name.startswith("mirqi_") and not inside:
        unit.say(node, 2, f"{name} is private to mirq: use what mirq's public headers declare")
    elif node.kind.name == "FUNCTION_DECL" and name.startswith("mirq_") and not inside and \
            not node.is_definition() and node.storage_class.name != "STATIC" and \
            not unit.header_of(node.canonical):
        unit.say(node, 2, f"{name}() is declared here and not by a header of mirq that this source "
                 "includes: include the header, if the rules let it")


def check_sight(unit, node):
    """A store that holds a part of the hierarchy."""
    record = c.record_of(node.type)
    if record in HIERARCHY:
        unit.say(node, 2, f"a store sees its data, its slot and the message, not a struct {record}: give "
                 "the driver's part to the driver's own source")


def check(unit, part, visible):
    check_includes(unit, part, visible)
    for node, _ in unit.nodes:
        kind = node.kind.name
        if kind == "CSTYLE_CAST_EXPR" or kind == "UNEXPOSED_EXPR" and is_reinterpreted(node):
            check_cast(unit, node)
        elif kind == "CALL_EXPR":
            check_copy(unit, node)
        elif kind in ("STRUCT_DECL", "FUNCTION_DECL", "VAR_DECL", "TYPE_REF", "DECL_REF_EXPR"):
            check_declaration(unit, node)
        if part == "store" and kind in ("VAR_DECL", "PARM_DECL", "MEMBER_REF_EXPR") and \
                unit.in_main(node):
            check_sight(unit, node)


def is_reinterpreted(node):
    """An implicit conversion of a void pointer that was an explicit cast of something opaque."""
    inner = c.children(node)
    return len(inner) == 1 and is_void_pointer(inner[0].type) and not is_void_pointer(node.type)
