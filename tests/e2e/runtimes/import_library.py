#!/usr/bin/env python3
"""Makes an import library from a DLL: every function it exports by name."""
import argparse
import os
import re
import subprocess

parser = argparse.ArgumentParser()
parser.add_argument("--readobj", required=True)
parser.add_argument("--dlltool", required=True)
parser.add_argument("dll")
parser.add_argument("library")
options = parser.parse_args()

listing = subprocess.run([options.readobj, "--coff-exports", options.dll], check=True, stdout=subprocess.PIPE, text=True).stdout
names = re.findall(r"^ *Name: (\S+)$", listing, re.M)
definition = os.path.splitext(options.library)[0] + ".def"
with open(definition, "w", encoding="utf-8") as file:
    file.write(f"LIBRARY {os.path.basename(options.dll)}\nEXPORTS\n")
    file.writelines(f'"{name}"\n' for name in names)
subprocess.run([options.dlltool, "-m", "i386:x86-64", "-d", definition, "-l", options.library], check=True)
