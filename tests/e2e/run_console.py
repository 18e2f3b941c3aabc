#!/usr/bin/env python3
"""Runs a console program for Windows and compares what it prints, line by line, with what is right.

Each line is "tag: text". Right is what the same source prints as a Linux program (--native), and what --facts says: lines
of the same form, for what Windows has and Linux has not, or has otherwise. A fact that begins with "[msvcrt]", "[ucrt,msvc]"
holds for those builds alone. Each tag that differs must be listed in expected.tsv with the reason, and each that is
listed must differ: the list stays true."""
import argparse
import os
import re
import subprocess
import sys
import tempfile

parser = argparse.ArgumentParser()
parser.add_argument("--where", choices=["run", "wine"], required=True)
parser.add_argument("--build", required=True)
parser.add_argument("--expected", required=True)
parser.add_argument("--facts")
parser.add_argument("--native")
parser.add_argument("--wine")
parser.add_argument("--hmodule")
parser.add_argument("--show", action="store_true", help="only print what the program prints")
parser.add_argument("program")
options = parser.parse_args()
name = os.path.splitext(os.path.basename(options.program))[0]


def run(command, environment, line_end):
    """(exit status, output, errors) of `command` in a directory of its own, with a few lines to read."""
    with tempfile.TemporaryFile() as errors, tempfile.TemporaryFile() as written, tempfile.TemporaryDirectory() as scratch:
        # files, not pipes: Wine's server keeps them open
        with tempfile.TemporaryFile() as lines:
            lines.write(line_end.join([b"first line", b"second line", b"", b"the last, unended"]))
            lines.seek(0)
            try:
                status = subprocess.run(command, env=environment, stdin=lines, stdout=written, stderr=errors, cwd=scratch,
                                        timeout=100).returncode
            except subprocess.TimeoutExpired:
                status = "none: stopped after 100 s"
        written.seek(0)
        errors.seek(0)
        return (status, written.read().decode(errors="backslashreplace").replace("\r\n", "\n"),
                errors.read().decode(errors="replace"))


def add(said, line, problems, whose):
    match = re.match(r"([\w.+-]+): ?(.*)$", line)
    if match:
        said.setdefault(match[1], []).append(match[2])
    elif line:
        problems.append(f"{whose}: a line without a tag: {line!r}")


problems = []
environment = {key: value for key, value in os.environ.items() if not key.startswith(("LC_", "LANG"))}
environment.update(TZ="UTC0", LC_ALL="C.UTF-8", HM_GREETING="hello")

right = {}
if options.native and not options.show:
    status, output, errors = run([options.native], environment, b"\n")
    for line in output.split("\n"):
        add(right, line, problems, "the Linux program")
    if status != 0:
        problems.append(f"the Linux program ended with {status}\n{errors}")
facts = {}
if options.facts and os.path.exists(options.facts):
    for line in open(options.facts, encoding="utf-8"):
        condition = re.match(r"\[([\w,]+)\] ", line)
        if condition and options.build not in condition[1].split(","):
            continue
        if not line.startswith("#"):
            add(facts, line.rstrip("\n")[condition.end() if condition else 0:], problems, options.facts)
right.update(facts)

listed = {}
for line in open(options.expected, encoding="utf-8"):
    if line.strip() and not line.startswith("#"):
        where, program, tags, reason = line.rstrip("\n").split("\t")
        if program in (name, re.sub(r"_(msvcrt|ucrt|msvc)$", "", name)) and options.where in where.split(","):
            listed.update({tag: reason for tag in tags.split()})

command = [options.program]
if options.where == "run":
    command = [options.hmodule, "run"] + command
else:
    # One prefix for all programs, made on first use; Wine locks it by itself.
    prefix = os.environ.get("HMODULE_TEST_WINEPREFIX") or os.path.join(
        os.path.dirname(os.path.dirname(os.path.abspath(options.program))), "wineprefix")
    environment.update(WINEPREFIX=prefix, WINEDEBUG="-all", WINEDLLOVERRIDES="mscoree,mshtml,winedbg.exe=", DISPLAY="")
    command = [options.wine] + command
    if not os.path.isdir(prefix):
        subprocess.run([options.wine, "wineboot", "-i"], env=environment, stdout=subprocess.DEVNULL,
                       stderr=subprocess.DEVNULL, timeout=170)
status, output, errors = run(command, environment, b"\r\n")
if options.show:
    print(output, end="")
    print(f"exit status {status}\n{errors}", file=sys.stderr)
    sys.exit(0)

said = {}
for line in output.split("\n"):
    add(said, line, problems, "the program")
if status != 0:
    problems.append(f"the program ended with {status}\n{errors[-4000:]}")
for tag in list(right) + [tag for tag in said if tag not in right]:
    got, wanted = said.get(tag, ["(nothing)"]), right.get(tag, ["(nothing)"])
    if got == wanted:
        if tag in listed and not listed[tag].startswith("sometimes:"):
            problems.append(f"{tag} is right now: remove its row from expected.tsv")
    elif tag in listed:
        print(f"expected on {options.where}: {tag}: {listed[tag]}")
    else:
        problems.append(f"{tag} is\n  " + "\n  ".join(got) + "\nnot\n  " + "\n  ".join(wanted))
print(f"{len(said)} tags, {len(problems)} problems")
for problem in problems:
    print(f"PROBLEM: {problem}")
sys.exit(1 if problems else 0)
