#include "nt/token.h"

namespace hmodule::nt {

const ObjectType Token::kType = {u"Token", 0x2001A, 0x201E0, 0x20005, 0xF01FF};

}  // namespace hmodule::nt
