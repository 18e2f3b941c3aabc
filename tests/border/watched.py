#!/usr/bin/env python3
"""watched.py gdb|gdb-attach|perf-map|perf-jitdump PROGRAM DLL [DOCUMENT [--update]]

gdb: runs PROGRAM under gdb and compares what it says with the transcript in DOCUMENT, or writes it there.
gdb-attach: the same for a gdb that comes when the DLL has been loaded, and asks for what it has missed.
perf-*: runs PROGRAM with HMODULE_PERF and looks into the file that comes out. 77: there is no gdb that works."""

import os
import re
import shutil
import struct
import subprocess
import sys
import tempfile

COMMANDS = [
    "handle SIGSEGV nostop noprint pass",
    "tbreak border_gnu!calls",
    "run",
    "backtrace",
    "break answer_the_dll",
    "continue",
    "backtrace",
    "finish",
    "break after_the_dll",
    "continue",
    "print 'border_gnu!calls'",
]
ATTACHED = [
    "handle SIGSEGV nostop noprint pass",
    "print 'border_gnu!calls'",
    "call (int)hmodule_show_to_debugger()",
    "tbreak border_gnu!calls",
    "set var waits_for_debugger = 0",
    "continue",
    "backtrace",
]
MARK = "<!-- tests/border/watched.py -->\n"


def run_gdb(commands, target):
    if shutil.which("gdb") is None:
        print("no gdb")
        sys.exit(77)
    arguments = ["gdb", "-nx", "-quiet", "-batch", "-iex", "set debuginfod enabled off"]
    for setting in ["confirm off", "breakpoint pending on", "startup-with-shell off", "width 0", "print address on"]:
        arguments += ["-ex", f"set {setting}"]
    for command in commands:
        arguments += ["-ex", f"echo (gdb) {command}\\n", "-ex", command]
    said = subprocess.run(
        arguments + target, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=100
    ).stdout
    if re.search(r"ptrace|Could not trace|not permitted", said):
        print(said)
        sys.exit(77)
    return said


def transcript(program, dll):
    said = run_gdb(COMMANDS, ["--args", program, dll])
    noise = r"(\[|Using host|Function \"|Make breakpoint|warning|\d+\t|$|Signal |SIGSEGV|Run till|the )"
    lines = [line for line in said.splitlines() if not re.match(noise, line)]
    text = "\n".join(lines)
    text = re.sub(r"0x[0-9a-f]+", "0x...", text)
    text = re.sub(r"\S*(tests/border/watched\.cc)(:\d+)?", r"\1", text)
    text = re.sub(r"line \d+", "line ...", text)
    return text + "\n", said


def check_gdb(program, dll, document, update):
    got, said = transcript(program, dll)
    with open(document, encoding="utf-8") as file:
        before, after = file.read().split(MARK)
    _, wanted, rest = after.split("```", 2)
    if update:
        with open(document, "w", encoding="utf-8") as file:
            file.write(before + MARK + "```text\n" + got + "```" + rest)
    elif wanted != "text\n" + got:
        sys.exit(f"gdb says:\n{got}\n{document} shows:\n{wanted}\nall of it:\n{said}")


def check_gdb_attach(program, dll):
    environment = dict(os.environ, WATCHED_WAITS="1")
    process = subprocess.Popen([program, dll], env=environment, stdout=subprocess.PIPE, text=True)
    try:
        process.stdout.readline()
        said = run_gdb(ATTACHED, ["-p", str(process.pid)])
    finally:
        process.kill()
    for wanted in [r"No symbol \"border_gnu!calls\"", r"#0 +0x[0-9a-f]+ in border_gnu!calls \(\)\n#1 .* in main \("]:
        if not re.search(wanted, said):
            sys.exit(f"gdb does not say {wanted}:\n{said}")


def run_for_perf(kind, program, dll, directory):
    environment = dict(os.environ, HMODULE_PERF=kind)
    process = subprocess.Popen([program, dll], env=environment, cwd=directory, stdout=subprocess.DEVNULL)
    if process.wait() != 0:
        sys.exit("the program failed")
    return process.pid


def check_map(program, dll, directory):
    path = f"/tmp/perf-{run_for_perf('map', program, dll, directory)}.map"
    with open(path, encoding="utf-8") as file:
        lines = file.read().splitlines()
    os.unlink(path)
    if not any(re.fullmatch(r"[0-9a-f]+ [0-9a-f]+ border_gnu!calls", line) for line in lines):
        sys.exit(f"border_gnu!calls is not in {path}")


def check_jitdump(program, dll, directory):
    pid = run_for_perf("jitdump", program, dll, directory)
    with open(os.path.join(directory, f"jit-{pid}.dump"), "rb") as file:
        data = file.read()
    magic, version, at = struct.unpack_from("<III", data)
    if (magic, version) != (0x4A695444, 1):
        sys.exit("the header is not a jitdump's")
    names = set()
    while at < len(data):
        kind, size = struct.unpack_from("<II", data, at)
        code_size = struct.unpack_from("<Q", data, at + 40)[0]
        name = data[at + 56 : at + size - code_size - 1]
        if kind != 0 or b"\0" in name:
            sys.exit(f"a bad record at {at}")
        names.add(name)
        at += size
    if b"border_gnu!calls" not in names:
        sys.exit("border_gnu!calls is not in it")


def main():
    what, program, dll = sys.argv[1], *map(os.path.abspath, sys.argv[2:4])
    if not os.path.exists(dll):
        print(f"{dll} was not made")
        sys.exit(77)
    if what == "gdb":
        return check_gdb(program, dll, sys.argv[4], "--update" in sys.argv)
    if what == "gdb-attach":
        return check_gdb_attach(program, dll)
    with tempfile.TemporaryDirectory() as directory:
        (check_map if what == "perf-map" else check_jitdump)(program, dll, directory)


main()
