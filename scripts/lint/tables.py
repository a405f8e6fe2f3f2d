# SPDX-License-Identifier: MIT
"""Rules 1, 3 and 8: what mirq_store_attach() would refuse, read from the initialisers of a store's tables.

What only the running program knows is not judged: members set elsewhere, values that are no constants.
"""
from lint import unit as c

# Ops that come together, as src/core/store.c refuses them.
PAIRS = (("mask", "unmask", 1), ("mask_all", "unmask_all", 1), ("enable", "disable", 1),
         ("begin", "commit", 3))
# Members of the template that must be said: what to write.
SAID = {"masking": "MIRQ_MASKS_SLOT, MIRQ_MASKS_STORE or MIRQ_MASKS_NOTHING",
        "update": "MIRQ_UPDATE_WORDS, MIRQ_UPDATE_64, MIRQ_UPDATE_96 or MIRQ_UPDATE_NOTHING",
        "address_bits": "32, 40 or 64"}


class Table:
    """One initialiser of a struct: what it says, and where to complain about what it does not."""

    def __init__(self, unit, list_, variable, set_elsewhere):
        self.fields = unit.fields_set(list_)
        self.place = variable if variable is not None else list_
        self.name = variable.spelling if variable is not None else ""
        self.elsewhere = {field for name, field in set_elsewhere if name and name == self.name}

    def where(self, field):
        return self.fields[field][1] if field in self.fields else self.place

    def value(self, field):
        """Constant value; 0 where nothing is said; None where only the program knows."""
        if field in self.elsewhere:
            return None
        return c.evaluate(self.fields[field][0]) if field in self.fields else 0

    def has(self, field):
        """Is a pointer given? True, False, or None where only the program knows."""
        if field in self.elsewhere:
            return None
        if field not in self.fields:
            return False
        inner = c.strip(self.fields[field][0])
        return not (inner.kind.name == "INTEGER_LITERAL" and c.evaluate(inner) == 0)


def set_elsewhere(unit):
    """{(variable, member)} of 'variable.member = ...' anywhere in the source."""
    found = set()
    for node, _ in unit.nodes:
        sides = unit.assignment(node)
        if sides and sides[0].kind.name == "MEMBER_REF_EXPR":
            base = c.children(sides[0])
            if base and c.strip(base[0]).kind.name == "DECL_REF_EXPR":
                found.add((c.strip(base[0]).spelling, sides[0].spelling))
    return found


def tables(unit):
    """[(struct, Table)] of every initialiser of a struct of mirq."""
    found, elsewhere = [], set_elsewhere(unit)
    for node, above in unit.nodes:
        if node.kind.name != "INIT_LIST_EXPR":
            continue
        record = c.record_of(node.type)
        if record.startswith("mirq_") and "ARRAY" not in node.type.get_canonical().kind.name:
            variable = above[-1] if above and above[-1].kind.name == "VAR_DECL" else None
            found.append((record, node, Table(unit, node, variable, elsewhere)))
    return found


def check_size(unit, record, node, table):
    """MIRQ_SIZED first, and of the right struct."""
    members = [field for field in node.type.get_canonical().get_declaration().get_children()
               if field.kind.name == "FIELD_DECL"]
    if not members or members[0].spelling != "size_bytes":
        return
    size = table.value("size_bytes")
    if size == 0:
        unit.say(table.place, 1, f"struct {record} without its size: begin it with MIRQ_SIZED({record})")
    elif size is not None and size != node.type.get_size():
        unit.say(table.where("size_bytes"), 1, f"struct {record} says the size of something else: begin "
                 f"it with MIRQ_SIZED({record})")


def check_ops(unit, ops):
    if ops.has("write") is False:
        unit.say(ops.place, 1, "no write op: give one, a slot must be told its message")
    for one, other, rule in PAIRS:
        for given, missing in ((one, other), (other, one)):
            if ops.has(given) and ops.has(missing) is False:
                unit.say(ops.where(given), rule, f"{given} without {missing}: give both or neither")
    if ops.has("slot_fini") and ops.has("slot_init") is False:
        unit.say(ops.where("slot_fini"), 1, "slot_fini without slot_init: there is nothing to undo; give "
                 "both, or slot_init alone")


def check_template(unit, template, constants):
    for field, what in (("name", "it stands in every report"), ("ops", "a store is its ops")):
        if template.has(field) is False:
            unit.say(template.place, 1, f"no .{field}: give one, {what}")
    allowed = {"masking": constants["mirq_masking"], "update": constants["mirq_update"],
               "address_bits": {32, 40, 64}}
    for field, values in allowed.items():
        value = template.value(field)
        if value is not None and value not in values:
            unit.say(template.where(field), 1, f".{field} is not said: write {SAID[field]}")


def check_vouched(unit, template, names):
    """Only mirq's own stores are vetted."""
    vetted, traits = names.get("MIRQ_STORE_VETTED"), template.value("traits")
    if vetted and traits and traits & vetted and not unit.is_private(unit.real(str(unit.path))):
        unit.say(template.where("traits"), 8, "MIRQ_STORE_VETTED is for the stores in mirq's src/stores: "
                 "leave it out, the store is shown as external")


def check_together(unit, template, ops, names):
    """A template and its ops."""
    masking, traits = template.value("masking"), template.value("traits")
    mask, whole = ops.has("mask"), ops.has("mask_all")
    if mask is False and masking == names["MIRQ_MASKS_SLOT"]:
        unit.say(template.where("masking"), 1, ".masking says that mask reaches the slot and there is no "
                 "mask: give mask and unmask, or say MIRQ_MASKS_STORE or MIRQ_MASKS_NOTHING")
    if mask and masking in (names["MIRQ_MASKS_NOTHING"], names["MIRQ_MASKS_STORE"]):
        unit.say(template.where("masking"), 1, ".masking says that no slot can be masked and there is mask: "
                 "say MIRQ_MASKS_SLOT, or leave mask and unmask out")
    if mask is False and whole is False and masking == names["MIRQ_MASKS_STORE"]:
        unit.say(template.where("masking"), 1, ".masking says that the whole store can be masked and there "
                 "is no mask_all: give mask_all and unmask_all, or say MIRQ_MASKS_NOTHING")
    if mask is False and whole and masking == names["MIRQ_MASKS_NOTHING"]:
        unit.say(template.where("masking"), 1, ".masking says that mask reaches nothing and there is "
                 "mask_all: say MIRQ_MASKS_STORE, or leave mask_all and unmask_all out")
    for trait, op in (("MIRQ_STORE_NEEDS_ENABLE", "enable"), ("MIRQ_STORE_TWO_MESSAGES", "set_trigger")):
        if traits is not None and traits & names[trait] and ops.has(op) is False:
            unit.say(template.where("traits"), 1, f"{trait} without {op}: give {op}, or leave it out")


def enumerations(unit):
    """{enumerator: value}, and {enum: values but 0} of mirq's enums."""
    names, enums = {}, {}
    for cursor in unit.tu.cursor.get_children():
        if cursor.kind.name == "ENUM_DECL" and unit.header_of(cursor):
            for item in cursor.get_children():
                names[item.spelling] = item.enum_value
                enums.setdefault(cursor.spelling, set()).add(item.enum_value)
    return names, {enum: values - {0} for enum, values in enums.items()}


def check(unit):
    found = tables(unit)
    all_ops = {table.name: table for record, _, table in found
               if record == "mirq_store_ops" and table.name}
    names, enums = enumerations(unit)
    for record, node, table in found:
        check_size(unit, record, node, table)
        if record == "mirq_store_ops":
            check_ops(unit, table)
        elif record == "mirq_store_template":
            check_template(unit, table, enums)
            check_vouched(unit, table, names)
            given = table.fields.get("ops")
            mentioned = [part.spelling for part, _ in c.walk(given[0])] if given else []
            for name in mentioned:
                if name in all_ops and "ops" not in table.elsewhere:
                    check_together(unit, table, all_ops[name], names)
                    break
