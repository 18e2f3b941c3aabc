#!/usr/bin/env python3
"""What the linker of Debian 12's mingw-w64 does not do.

patch_image.py FILE directory INDEX EXPORT SIZE   points a data directory at an exported variable
patch_image.py FILE fixed                         says that the relocations were stripped"""
import struct
import sys

path, what = sys.argv[1:3]
image = bytearray(open(path, "rb").read())
nt = struct.unpack_from("<I", image, 0x3C)[0]
sections = nt + 24 + struct.unpack_from("<H", image, nt + 20)[0]
directories = nt + 24 + 112


if what == "fixed":
    characteristics = struct.unpack_from("<H", image, nt + 22)[0]
    struct.pack_into("<H", image, nt + 22, characteristics | 1)
    open(path, "wb").write(image)
    sys.exit(0)

index, export, size = int(sys.argv[3]), sys.argv[4].encode(), int(sys.argv[5], 0)


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
