"""Python's faulthandler, which is there before the library: a DLL handles its own faults, and of the others both the
library's report and Python's traceback tell. Installed later, it has the signals until hmodule_claim_faults()."""
import subprocess
import sys

CHILD = """
import ctypes, faulthandler, sys
library, dll, order, function = sys.argv[1:5]
if order == "before": faulthandler.enable()
hmodule = ctypes.CDLL(library)
hmodule.hmodule_open.restype = hmodule.hmodule_sym.restype = ctypes.c_void_p
hmodule.hmodule_open.argtypes = [ctypes.c_char_p, ctypes.c_uint]
hmodule.hmodule_sym.argtypes = [ctypes.c_void_p, ctypes.c_char_p]
module = hmodule.hmodule_open(dll.encode(), 0)
def symbol(name): return hmodule.hmodule_sym(module, name.encode())
if order != "before": faulthandler.enable()
if order == "claimed": hmodule.hmodule_claim_faults()
# No Windows convention in ctypes: functions without arguments are called alike.
ctypes.c_uint64.from_address(symbol("where")).value = 0x10
ctypes.CFUNCTYPE(None)(symbol(function))()
print("handled")
"""


def run(order, function):
    child = subprocess.run([sys.executable, "-c", CHILD, *sys.argv[1:3], order, function], capture_output=True, text=True)
    return child.returncode, child.stdout, child.stderr


problems = []
def expect(what, holds, result):
    if not holds:
        problems.append(f"{what}: {result}")

for order in "before", "claimed":
    result = run(order, "read")
    expect(f"{order}: a fault the DLL handles", result[0] == 0 and "handled" in result[1] and not result[2], result)
    result = run(order, "crash_at_where")
    expect(f"{order}: one it does not", result[0] == -11 and "faults.dll+0x" in result[2] and
           result[2].count("Fatal Python error: Segmentation fault") == 1 and "File \"<string>\"" in result[2], result)
result = run("after", "read")
expect("after: the fault is Python's", result[0] == -11 and "Fatal Python error" in result[2], result)

print("\n".join(problems) or "ok")
sys.exit(bool(problems))
