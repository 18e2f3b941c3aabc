#!/usr/bin/env python3
"""Checks the #include lines of src/ against the rows of src/CMakeLists.txt: a folder includes only from itself and from
the folders its row names, directly or through them. Also checks that public headers include only public headers."""
import os
import re
import sys

root = sys.argv[1]
rows = {}
for name, arguments in re.findall(r"^hmodule_folder\(([^\s)]+)([^)]*)\)", open(f"{root}/src/CMakeLists.txt").read(), re.M):
    match = re.search(r"\bINCLUDES ([^A-Z]*)", arguments)
    rows[name] = match.group(1).split() if match else []

problems = []


def reachable(folder):
    seen, queue = {folder}, [folder]
    while queue:
        for other in rows[queue.pop()]:
            if other not in rows:
                problems.append(f"src/CMakeLists.txt: {folder} names {other}, which is no folder")
            elif other not in seen:
                seen.add(other)
                queue.append(other)
    return seen


def includes(path):
    for number, line in enumerate(open(path, encoding="utf-8"), 1):
        match = re.match(r'\s*#\s*include\s+(["<])([^">]+)[">]', line)
        if match:
            yield number, match.group(1), match.group(2)


generated = {"build_config.h"}
count = 0
for directory, _, files in os.walk(f"{root}/src"):
    folder = os.path.relpath(directory, f"{root}/src")
    if folder == ".":
        continue
    if folder not in rows:
        if any(name.endswith((".cc", ".h", ".S", ".inc")) for name in files):
            problems.append(f"src/{folder}: has sources but no row in src/CMakeLists.txt")
        continue
    allowed = reachable(folder)
    for name in sorted(files):
        if not name.endswith((".cc", ".h", ".S", ".inc", ".c")):
            continue
        for number, kind, target in includes(os.path.join(directory, name)):
            count += 1
            if kind == "<" or target in generated:
                continue
            where = os.path.dirname(target)
            if where == "":
                if not os.path.exists(os.path.join(directory, target)):
                    problems.append(f"src/{folder}/{name}:{number}: {target} is not in this folder; write its folder")
            elif where not in allowed:
                problems.append(f"src/{folder}/{name}:{number}: {folder} may not include {target}")

for name in sorted(os.listdir(f"{root}/include/hmodule")):
    for number, kind, target in includes(f"{root}/include/hmodule/{name}"):
        local = os.path.exists(f"{root}/include/hmodule/{target}")
        if kind == '"' and not local:
            problems.append(f"include/hmodule/{name}:{number}: {target} is not a public header")
        if kind == "<" and "/" in target and target.split("/")[0] not in ("hmodule", "sys"):
            problems.append(f"include/hmodule/{name}:{number}: public headers stand on the standard library alone")

for problem in problems:
    print(problem)
print(f"{count} include lines in {len(rows)} folders, {len(problems)} problems")
sys.exit(1 if problems else 0)
