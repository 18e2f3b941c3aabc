#!/usr/bin/env python3
"""Checks that tracked files speak of the project alone: no path of somebody's machine, no word about how the work on it
was organised. "Session" is Windows' word too, so only its combinations that cannot be Windows' are refused."""
import re
import subprocess
import sys

root = sys.argv[1]
# Written in pieces, so that this file need not except itself.
FORBIDDEN = {
    "a machine's path": "/(?:wo" r"rk|home/\w+|Users/\w+|root)/",
    "a word about the work": r"\b(?:sub-?)?ag" r"ents?\b",
    "a sitting of work": r"\b(?:this|next|previous|earlier|later|working|our) ses" r"sion",
}
EXCEPT = ("LICENSE", "COPYING", "THIRD-PARTY", "licenses/")

listed = subprocess.run(["git", "-C", root, "ls-files", "-z"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
if listed.returncode != 0:
    print("not a git checkout: nothing to check")
    sys.exit(77)
pattern = {why: re.compile(text, re.IGNORECASE) for why, text in FORBIDDEN.items()}
problems = []
names = [name for name in listed.stdout.decode().split("\0") if name]
for name in names:
    if name.startswith(EXCEPT):
        continue
    try:
        text = open(f"{root}/{name}", encoding="utf-8").read()
    except (UnicodeDecodeError, FileNotFoundError, IsADirectoryError):
        continue
    for number, line in enumerate(text.split("\n"), 1):
        for why, expression in pattern.items():
            found = expression.search(line)
            if found:
                problems.append(f"{name}:{number}: {why}: {found.group()}")
for problem in problems:
    print(problem)
print(f"{len(names)} files, {len(problems)} problems")
sys.exit(1 if problems else 0)
