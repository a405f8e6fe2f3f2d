# SPDX-License-Identifier: MIT
"""One C source as libclang parses it: its functions, calls, initialisers, and the findings about it.

"Own" is the source and the headers beside or below it; mirq's headers and the system's are only read.
"""
import ctypes
import sys
from pathlib import Path

try:
    from clang import cindex
except ImportError:  # another Python than Debian's: its package is pure Python
    sys.path.append("/usr/lib/python3/dist-packages")
    try:
        from clang import cindex
    except ImportError:
        cindex = None

PACKAGE = "python3-clang-14"
EVAL_INT = 1  # CXEval_Int
# What wraps an expression without changing it.
WRAPPERS = ("UNEXPOSED_EXPR", "PAREN_EXPR", "CSTYLE_CAST_EXPR")


class Unreadable(Exception):
    """A source that cannot be parsed; the text is one line per reason."""


def missing():
    """Why nothing can be parsed here, or None."""
    if cindex is None:
        return f"the Debian package {PACKAGE} is not installed (or another clang.cindex)"
    try:
        cindex.Index.create()
    except cindex.LibclangError as reason:
        return f"{PACKAGE} does not find libclang: {reason}"
    return None


def library():
    """libclang, with the functions that its Python package does not declare."""
    lib = cindex.conf.lib
    lib.clang_Cursor_Evaluate.argtypes = [cindex.Cursor]
    lib.clang_Cursor_Evaluate.restype = ctypes.c_void_p
    for name, result in (("getKind", ctypes.c_int), ("getAsLongLong", ctypes.c_longlong),
                         ("dispose", None)):
        function = getattr(lib, f"clang_EvalResult_{name}")
        function.argtypes, function.restype = [ctypes.c_void_p], result
    return lib


def evaluate(expression):
    """Value of a constant integer expression, or None."""
    lib = library()
    result = lib.clang_Cursor_Evaluate(expression)
    if not result:
        return None
    value = None
    if lib.clang_EvalResult_getKind(result) == EVAL_INT:
        value = lib.clang_EvalResult_getAsLongLong(result)
    lib.clang_EvalResult_dispose(result)
    return value


def children(cursor):
    return list(cursor.get_children())


def strip(expression, wrappers=WRAPPERS):
    """The expression inside parentheses and casts."""
    while expression.kind.name in wrappers:
        inner = [child for child in expression.get_children() if child.kind.is_expression()]
        if len(inner) != 1:
            break
        expression = inner[0]
    return expression


def walk(cursor, above=()):
    """(node, its ancestors from the outermost) for everything below cursor."""
    inside = (*above, cursor)
    for child in cursor.get_children():
        yield child, inside
        yield from walk(child, inside)


def record_of(type_):
    """Name of the struct that a type is, points to or is an array of; '' for another."""
    type_ = type_.get_canonical()
    while True:
        if type_.kind.name == "POINTER":
            type_ = type_.get_pointee().get_canonical()
        elif type_.kind.name in ("CONSTANTARRAY", "INCOMPLETEARRAY", "VARIABLEARRAY"):
            type_ = type_.element_type.get_canonical()
        else:
            break
    return type_.get_declaration().spelling if type_.kind.name == "RECORD" else ""


def is_pointer(type_):
    return type_.get_canonical().kind.name in ("POINTER", "INCOMPLETEARRAY", "CONSTANTARRAY")


def owner_of(field):
    """Name of the struct that a field belongs to."""
    return field.semantic_parent.spelling if field is not None and field.semantic_parent else ""


def callee(call):
    """(name, declaration) of what a call calls by name; ('', None) through a pointer."""
    declared = call.referenced
    if declared is not None and declared.kind.name == "FUNCTION_DECL":
        return declared.spelling, declared
    return "", None


def arguments(call):
    return list(call.get_arguments())


def functions_in(expression):
    """Names of the functions that an expression mentions."""
    nodes = [expression, *(node for node, _ in walk(expression))]
    return [node.spelling for node in nodes if node.kind.name == "DECL_REF_EXPR" and
            node.referenced is not None and node.referenced.kind.name == "FUNCTION_DECL"]


class Unit:
    """A parsed source and what has been found in it."""

    def __init__(self, path, flags):
        self.path = Path(path)
        self.texts = {}
        self.files = {}
        self.findings = {}
        self.tu = cindex.Index.create().parse(
            str(path), args=["-x", "c", "-fparse-all-comments", *flags],
            options=cindex.TranslationUnit.PARSE_DETAILED_PROCESSING_RECORD)
        self._refuse_errors()
        self.inclusions = list(self.tu.get_includes())
        self.mirq = self._mirq_folder()
        self.tops = [cursor for cursor in self.tu.cursor.get_children() if self.is_own(cursor)]
        self.nodes = [pair for top in self.tops if not top.kind.is_preprocessing()
                      for pair in ((top, ()), *walk(top))]
        self.functions = {node.spelling: node for node, _ in self.nodes
                          if node.kind.name == "FUNCTION_DECL" and node.is_definition()}
        self.calls = self._calls()

    def _refuse_errors(self):
        lines = []
        for diagnostic in self.tu.diagnostics:
            if diagnostic.severity < cindex.Diagnostic.Error:
                continue
            place, text = diagnostic.location, diagnostic.spelling
            if text.endswith("file not found"):
                text += ": name the folder that has it with -I"
            where = f"{place.file.name}:{place.line}:{place.column}" if place.file else self.path
            lines.append(f"{where}: cannot be read: {text}")
        if lines:
            raise Unreadable("\n".join(lines))

    def _mirq_folder(self):
        """The folder of mirq's public headers that this source includes, or None."""
        for inclusion in self.inclusions:
            path = self.real(inclusion.include.name)
            if path.parent.name == "mirq" and (path.parent / "types.h").is_file():
                return path.parent
        return None

    def _calls(self):
        """{function: [(name, declaration, call)]} of the functions defined here."""
        found = {name: [] for name in self.functions}
        for node, above in self.nodes:
            if node.kind.name == "CALL_EXPR" and (inside := self.function_above(above)):
                found[inside].append((*callee(node), node))
        return found

    def real(self, name):
        if name not in self.files:
            self.files[name] = Path(name).resolve()
        return self.files[name]

    def is_public(self, path):
        """Is this one of mirq's headers?"""
        return self.mirq is not None and path.parent == self.mirq

    def is_private(self, path):
        """Does it lie in mirq's src/? Known where the headers are those of mirq's tree."""
        if self.mirq is None:
            return False
        top = self.mirq.parent.parent
        return (top / "sources.list").is_file() and path.is_relative_to(top / "src")

    def is_own_file(self, path):
        return path.is_relative_to(self.real(str(self.path)).parent) and not self.is_public(path)

    def place_of(self, cursor):
        """The file that a cursor stands in; Path() for what the compiler brings along."""
        return self.real(cursor.location.file.name) if cursor.location.file else Path()

    def is_own(self, cursor):
        return cursor.location.file is not None and self.is_own_file(self.place_of(cursor))

    def in_main(self, cursor):
        return self.place_of(cursor) == self.real(str(self.path))

    def included(self, directive):
        """Name of the file that an #include found, or None."""
        file = library().clang_getIncludedFile(directive)
        return file.name if file else None

    def header_of(self, declaration):
        """'irq.h' for what mirq/irq.h declares; else ''."""
        path = self.place_of(declaration)
        return path.name if self.is_public(path) else ""

    def function_above(self, above):
        """Name of the function that these ancestors stand in, or None."""
        return next((node.spelling for node in above if node.kind.name == "FUNCTION_DECL"), None)

    def text_between(self, left, right):
        """What stands between two expressions of one file, without blanks."""
        end, start = left.extent.end, right.extent.start
        if end.file is None or start.file is None or end.file.name != start.file.name:
            return ""
        if end.file.name not in self.texts:
            self.texts[end.file.name] = Path(end.file.name).read_bytes()
        return b"".join(self.texts[end.file.name][end.offset:start.offset].split()).decode()

    def assignment(self, node):
        """(left, right) if the node is an assignment with '='; else None."""
        if node.kind.name != "BINARY_OPERATOR":
            return None
        sides = children(node)
        is_one = len(sides) == 2 and self.text_between(*sides).strip("()") == "="
        return tuple(sides) if is_one else None

    def fields_set(self, list_):
        """{field: (expression, where)} of an initialiser list, designated or in order."""
        order = [field.spelling for field in list_.type.get_canonical().get_declaration().get_children()
                 if field.kind.name == "FIELD_DECL"]
        found, next_ = {}, 0
        for item in list_.get_children():
            parts = children(item)
            name = parts[0].spelling if parts and parts[0].kind.name == "MEMBER_REF" else None
            if name in order:
                next_ = order.index(name)
                found[name] = (parts[-1], parts[0])
            elif next_ < len(order):
                found[order[next_]] = (item, item)
            next_ += 1
        return found

    def say(self, cursor, rule, text):
        """Add a finding; one per line and rule is enough."""
        place = cursor.location
        self.say_at(place.file.name, place.line, place.column, rule, text)

    def say_at(self, name, line, column, rule, text):
        self.findings.setdefault((str(self.real(name)), line, rule), (name, line, column, rule, text))
