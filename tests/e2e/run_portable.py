#!/usr/bin/env python3
"""Runs a portable test program (tests/support/check.h) and compares its failures with the ones expected.

A test that fails although expected.tsv does not list it is a failure, and so is a listed one that passes: the list
stays true. With --where wine the exe runs under Wine, with --where run under `hmodule run`, with --where native it is a
Linux program."""
import argparse
import os
import re
import subprocess
import sys
import tempfile

parser = argparse.ArgumentParser()
parser.add_argument("--where", choices=["native", "run", "wine"], required=True)
parser.add_argument("--expected", required=True)
parser.add_argument("--wine")
parser.add_argument("--hmodule")
parser.add_argument("program")
options = parser.parse_args()
name = os.path.splitext(os.path.basename(options.program))[0]

expected = {}
for line in open(options.expected):
    if line.strip() and not line.startswith("#"):
        where, program, rules, reason = line.rstrip("\n").split("\t")
        if program == name and options.where in where.split(","):
            expected[rules] = reason

environment = dict(os.environ)
command = [options.program]
if options.where == "run":
    command = [options.hmodule, "run"] + command
if options.where == "wine":
    # One prefix for all programs, made on first use; Wine locks it by itself.
    prefix = os.environ.get("HMODULE_TEST_WINEPREFIX") or os.path.join(
        os.path.dirname(os.path.abspath(options.program)), "wineprefix")
    environment.update(WINEPREFIX=prefix, WINEDEBUG="-all", WINEDLLOVERRIDES="mscoree,mshtml,winedbg.exe=", DISPLAY="")
    command = [options.wine] + command
    if not os.path.isdir(prefix):
        subprocess.run([options.wine, "wineboot", "-i"], env=environment, stdout=subprocess.DEVNULL,
                       stderr=subprocess.DEVNULL, timeout=170)

with tempfile.TemporaryFile() as errors:  # not a pipe: Wine's server keeps it open
    with tempfile.TemporaryFile() as written:
        try:
            status = subprocess.run(command, env=environment, stdin=subprocess.DEVNULL, stdout=written, stderr=errors,
                                    timeout=100).returncode
        except subprocess.TimeoutExpired:
            status = "none: stopped after 100 s"
        written.seek(0)
        output = written.read().decode(errors="replace").replace("\r", "")
    errors.seek(0)
    stderr = errors.read().decode(errors="replace")
print(output, end="")

problems = []
outcomes = {}
for good, rules in re.findall(r"^(ok|FAIL) ([^:]+):", output, re.M):
    outcomes[rules] = outcomes.get(rules, True) and good == "ok"
for rules, good in outcomes.items():
    if not good and rules not in expected:
        problems.append(f"{rules} failed")
    elif not good:
        print(f"expected on {options.where}: {rules}: {expected[rules]}")
    elif rules in expected and not expected[rules].startswith("sometimes:"):
        problems.append(f"{rules} passes now: remove its row from expected.tsv")
if not re.search(r"^\d+ tests, \d+ failed$", output, re.M):
    problems.append(f"the program did not finish (exit status {status})\n{stderr[-4000:]}")
for problem in problems:
    print(f"PROBLEM: {problem}")
sys.exit(1 if problems else 0)
