#!/usr/bin/env python3
"""set_directory.py FILE INDEX EXPORT SIZE: points a data directory of a DLL at one of its exported variables.

The linker of Debian 12's mingw-w64 does not fill the load configuration directory by itself."""
import struct
import sys

path, index, export, size = sys.argv[1], int(sys.argv[2]), sys.argv[3].encode(), int(sys.argv[4], 0)
image = bytearray(open(path, "rb").read())
nt = struct.unpack_from("<I", image, 0x3C)[0]
sections = nt + 24 + struct.unpack_from("<H", image, nt + 20)[0]
directories = nt + 24 + 112


def at(rva):
    for number in range(struct.unpack_from("<H", image, nt + 6)[0]):
        virtual_size, address, raw_size, raw = struct.unpack_from("<IIII", image, sections + 40 * number + 8)
        if address <= rva < address + max(virtual_size, raw_size):
            return raw + rva - address
    sys.exit(f"{path}: no section at {rva:#x}")


exports = at(struct.unpack_from("<I", image, directories)[0])
count, functions, names, ordinals = struct.unpack_from("<IIII", image, exports + 24)
for number in range(count):
    name = at(struct.unpack_from("<I", image, at(names) + 4 * number)[0])
    if image[name:image.index(0, name)] == export:
        slot = struct.unpack_from("<H", image, at(ordinals) + 2 * number)[0]
        rva = struct.unpack_from("<I", image, at(functions) + 4 * slot)[0]
        struct.pack_into("<II", image, directories + 8 * index, rva, size)
        open(path, "wb").write(image)
        break
else:
    sys.exit(f"{path}: no export {export.decode()}")
