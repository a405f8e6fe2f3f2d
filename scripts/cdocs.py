# SPDX-License-Identifier: MIT
"""Public functions with their documentation blocks, read from the headers (no compiler needed)."""
import re

from checklib import strip_comments

PROTOTYPE = re.compile(r"([A-Za-z_]\w*)\s*\((?!\*)")
SECTION = re.compile(r"^(Returns|Context|Errors|Source|Sources|Note|Since|Order):", re.IGNORECASE)
NOT_FUNCTIONS = re.compile(
    r"\s*(typedef|struct\s+\w+\s*\{|enum\s+\w*\s*\{|union\s+\w*\s*\{|extern\s+const)")


class Function:
    """One declaration: its name, line, prototype and block (None when there is none)."""

    def __init__(self, name, line, prototype, block):
        self.name = name
        self.line = line
        self.prototype = prototype
        self.block = block

    def block_lines(self):
        """The block without its comment marks."""
        lines = [re.sub(r"^\s*(/\*\*|\*/|\*)\s?", "", line).rstrip().removesuffix("*/").rstrip()
                 for line in (self.block or "").splitlines()]
        while lines and not lines[0]:
            lines.pop(0)
        while lines and not lines[-1]:
            lines.pop()
        return lines

    def sections(self):
        """{'summary': text, 'context': text, 'errors': text, ...}."""
        found, current = {}, "summary"
        for line in self.block_lines():
            match = SECTION.match(line.strip())
            if match:
                current = match.group(1).lower()
            found[current] = found.get(current, "") + line + "\n"
        return found


def statements(text):
    """(offset, statement) for each declaration of depth 0 in text without comments."""
    text = re.sub(r"^[ \t]*#(?:[^\n]*\\\n)*[^\n]*",
                  lambda m: re.sub(r"[^\n]", " ", m.group(0)), text, flags=re.MULTILINE)
    text = re.sub(r"\bMIRQ_(BEGIN|END)_DECLS\b", lambda m: " " * len(m.group(0)), text)
    depth, start = 0, 0
    for offset, char in enumerate(text):
        if char == "{":
            depth += 1
        elif char == "}":
            depth -= 1
            if depth == 0 and re.search(r"\)\s*\{", text[start:offset]) and \
                    not re.match(r"\s*(struct|enum|union)\s+\w+\s*\{", text[start:offset]):
                yield start, text[start:offset + 1]  # an inline function
                start = offset + 1
        elif char == ";" and depth == 0:
            yield start, text[start:offset + 1]
            start = offset + 1


def public_functions(header):
    """Every function that a header declares, in its order."""
    original = header.read_text()
    for start, statement in statements(strip_comments(original)):
        head = re.sub(r"__attribute__\s*\(\(.*?\)\)", "", statement.split("{")[0])
        match = PROTOTYPE.search(head)
        if NOT_FUNCTIONS.match(statement) or not match or "=" in head[:match.start()]:
            continue
        position = start + len(statement) - len(statement.lstrip())
        before = original[:position].rstrip()
        opening = before.rfind("/*")
        documented = before.endswith("*/") and before.startswith("/**", opening)
        yield Function(match.group(1), original.count("\n", 0, position) + 1,
                       head.strip().removesuffix(";") + ";", before[opening:] if documented else None)
