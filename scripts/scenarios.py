# SPDX-License-Identifier: MIT
"""Reads kernel/scenarios.toml: scenarios with their defaults filled in, and the images they need."""
import array
import os
import shlex
import sys
import tomllib

from checklib import ROOT

FILE = ROOT / "kernel/scenarios.toml"
KEYS = {"summary", "qemu", "cpus", "append", "limit_s", "kernel", "gate", "expect", "trace",
        "traffic"}


class Scenario:
    """One machine to boot: everything filled in, cpus a number."""

    def __init__(self, name, table, cpus):
        self.name = name
        self.summary = table["summary"]
        self.cpus = cpus
        self.limit_s = table["limit_s"]
        self.kernel = table["kernel"]
        self.append = table.get("append", "").replace("{cpus}", str(cpus))
        self.gate = table.get("gate", True)
        self.expect = table.get("expect", "pass")
        self.trace = table.get("trace", True)
        self.traffic = table.get("traffic")
        self.options = table["qemu"]

    def images(self, document):
        """Names of the images that the options mention."""
        return [name for name in document.get("images", {}) if "{" + name + "}" in self.options]

    def command(self, qemu, kernel, images):
        """The whole argument vector."""
        options = self.options
        for name, path in images.items():
            options = options.replace("{" + name + "}", str(path))
        argv = [qemu, *shlex.split(options), "-smp", str(self.cpus), "-kernel", str(kernel)]
        return argv + (["-append", self.append] if self.append else [])


def load():
    """(document, {name: Scenario}) in the order of the file; exits on a mistake in it."""
    document = tomllib.loads(FILE.read_text())
    defaults = document["defaults"]
    scenarios = {}
    for name, own in document["scenario"].items():
        unknown = set(own) - KEYS
        if unknown or "summary" not in own or own.get("expect", "pass") not in ("pass", "fail"):
            sys.exit(f"{FILE.name}: scenario {name}: needs a summary, expects pass or fail, "
                     f"and knows no {sorted(unknown)}")
        table = {**defaults, **own, "qemu": defaults["qemu"] + own.get("qemu", "")}
        cpus = table["cpus"]
        if isinstance(cpus, int):
            scenarios[name] = Scenario(name, table, cpus)
            continue
        for number in cpus:
            scenarios[f"{name}-{number}"] = Scenario(f"{name}-{number}", table, number)
    return document, scenarios


def make_image(document, name, folder):
    """Path of the image, written when it is not there yet in the right size."""
    image = document["images"][name]
    size, multiplier = image["size_bytes"], image["multiplier"]
    path = folder / f"{name}-{size}-{multiplier:x}.img"
    if path.is_file() and path.stat().st_size == size:
        return path
    words = array.array("Q", ((i * multiplier) & 0xFFFFFFFFFFFFFFFF for i in range(1, size // 8 + 1)))
    if sys.byteorder == "big":
        words.byteswap()
    folder.mkdir(parents=True, exist_ok=True)
    partial = path.with_suffix(f".{os.getpid()}.partial")  # two runs may do this at once
    partial.write_bytes(words.tobytes())
    partial.replace(path)
    return path
